import { type Host, type HostId, type IncidentId, parseId } from "../../../model/index.ts";
import { policyOf } from "../../store/tables.ts";
import type { PowerCut } from "../../world/world.ts";
import type { Invariant, Sight } from "./sight.ts";

/** So long a host must have been back before it was a mistake to switch it off: what is decided was seen a little earlier. */
const backMs = 6000;

/**
 * No healthy host is fenced because Belay itself was cut off, and when many hosts are lost at once a person is asked first. Said by the
 * world's word at the instant of the power cut, not by what Belay believed.
 */
export const healthyFenced: Invariant = (sight) => {
  const { rig, world, tables, now, openIncidents, openRepairs } = sight;
  let seen = 0;
  let seenAudits = 0;
  const approved = new Set<string>();
  const saidOff = new Set<HostId>();
  const incidentOf = (subject: string) => {
    const id = parseId("inc", subject);
    return id === undefined ? undefined : tables.incidents.get(id);
  };
  const asked = (id: IncidentId): boolean => {
    const incident = tables.incidents.get(id);
    return approved.has(id) || (incident !== undefined && saidOff.has(incident.hostId));
  };
  const evacuated = new Map<IncidentId, number>();
  /** By the world's time: Belay's clock may have been set between two. */
  const diedAt = new Map<IncidentId, number>();

  /** Since when Belay lives, and what its clock said then. */
  let life = { since: Number.NEGATIVE_INFINITY, wall: 0 };

  /** Hosts that Belay took for dead on its own, by the time at which it did. */
  function* storm(): Generator<string> {
    for (const { id, cause } of openIncidents()) if (cause === "host-dead" && !diedAt.has(id)) diedAt.set(id, now());
    for (const { technique, vmId, incidentId } of openRepairs()) {
      const incident = tables.incidents.get(incidentId);
      if (technique !== "evacuate" || vmId !== null || !incident || evacuated.has(incidentId)) continue;
      evacuated.set(incidentId, diedAt.get(incidentId) ?? now());
      // Taken for dead by a person's word for the incident before it.
      if (incident.evidence.some(({ source }) => source === "operator")) approved.add(incidentId);
      const { stormPercent, stormWindowMs } = policyOf(tables);
      // A Belay that was started in between knows by the time of day alone, which may have been set, whether the one before is in the window.
      const isKnown = (id: IncidentId) =>
        (diedAt.get(id) ?? now()) >= life.since ||
        life.wall - (tables.incidents.get(id)?.td ?? life.wall) < stormWindowMs;
      const near = [...evacuated].filter(
        ([id, at]) => !asked(id) && isKnown(id) && Math.abs(at - (diedAt.get(incidentId) ?? now())) < stormWindowMs,
      );
      const limit = Math.max(1, (enrolled(sight).length * stormPercent) / 100);
      if (!asked(incidentId) && near.length > limit)
        yield `4: ${near.length} hosts were given up within ${stormWindowMs / 1000} s and nobody was asked.`;
    }
  }

  return function* () {
    const since = rig.belay.aliveSince();
    if (since !== undefined && since !== life.since) life = { since, wall: world.wall.at(now()) - (now() - since) };
    for (; seenAudits < tables.audit.length; seenAudits++) {
      const row = tables.audit[seenAudits];
      if (row?.action === "incident.approve") approved.add(row.subject);
      // What a person says of a host stays said, also when its incident ends and another begins.
      const said = row?.action === "incident.say-off" ? incidentOf(row.subject) : undefined;
      if (said) saidOff.add(said.hostId);
    }
    yield* storm();
    for (; seen < world.powerCuts.length; seen++) {
      const cut = world.powerCuts[seen];
      const host = cut && enrolled(sight).find((it) => it.name === cut.host);
      if (!cut?.ran || !host) continue;
      const incident = [...evacuated.keys()].findLast((id) => tables.incidents.get(id)?.hostId === host.id);
      if (incident !== undefined && asked(incident)) continue;
      const why = mistake(cut);
      if (why !== undefined) yield `4: ${cut.host} was switched off, and ${why}.`;
    }
  };
};

const enrolled = ({ tables }: Sight): Host[] =>
  [...tables.hosts.values()].flatMap(({ host, removed }) => (removed ? [] : [host]));

function mistake(cut: PowerCut): string | undefined {
  if (cut.steadyMs < backMs) return undefined;
  if (cut.belayReachedIt) return "Belay itself could reach it";
  if (cut.peers > 0 && cut.peersThatReachedIt * 2 > cut.peers)
    return `${cut.peersThatReachedIt} of ${cut.peers} other hosts could reach it`;
  // The host itself is one that Belay does not see.
  if (cut.peers > 0 && cut.othersThatBelayReached * 2 < cut.peers)
    return `Belay was the one that was cut off: it reached ${cut.othersThatBelayReached} of ${cut.peers} others`;
  return undefined;
}
