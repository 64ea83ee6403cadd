import { consentCovers, type RepairId, techniques, type Vm, type VmId } from "../../model/index.ts";
import { isOpenIncident, isOpenRepair } from "../store/tables.ts";
import { guestAnswers } from "../world/run.ts";
import type { SimHost } from "../world/types.ts";
import { answersNetwork } from "../world/world.ts";
import type { Rig } from "./rig.ts";

/** How long Belay may take over what it does at once, while it lives and the host is there: reconnect, scan, sweep, retries. */
const graceMs = 20_000;

/** How long a person may wait for an answer, also where the host is silent. */
const answerMs = 60_000;

/** Looks after every step whether something is so that must never be so (DESIGN.md, "What must never happen"). */
export interface Watchman {
  /** What is wrong now, each with the number of the invariant. */
  check(): Promise<string[]>;
}

export function createWatchman(rig: Rig): Watchman {
  const { tables } = rig.store;
  const { world } = rig.cloud;
  /** Since when a thing has been so that may be so for a while only. */
  const since = new Map<string, number>();
  const plannedBefore = new Set<RepairId>();
  let consentBefore = new Map<VmId, Vm["consent"]>();
  let seen = 0;
  let seenStarts = 0;
  const unwantedSince = new Map<string, number>();
  /** When an owner last asked for a VM that had been wanted off. */
  const wantedAgainAt = new Map<string, number>();

  /** True once `key` has held at every check for longer than Belay may take. */
  function lasts(key: string, holds: boolean, forMs = graceMs): boolean {
    if (!holds) {
      since.delete(key);
      return false;
    }
    const first = since.get(key) ?? rig.clock.now();
    since.set(key, first);
    return rig.clock.now() - first > forMs;
  }

  const vms = () => [...tables.vms.values()].filter((row) => !row.removed).map((row) => row.vm);
  const incidents = () => [...tables.incidents.values()].filter(isOpenIncident);
  const repairs = () => [...tables.repairs.values()].filter(isOpenRepair);
  const hostOf = (vm: Vm): SimHost | undefined => world.hostByUri(tables.hosts.get(vm.hostId)?.host.uri ?? "");
  const watched = (host: SimHost | undefined) =>
    rig.belay.aliveSince() !== undefined &&
    host !== undefined &&
    answersNetwork(host, rig.clock.now()) &&
    host.libvirtd === "up" &&
    host.hostKeySha256 ===
      [...tables.hosts.values()].find((row) => !row.removed && row.host.uri === host.uri)?.host.hostKeySha256;

  function* seenByTheWorld() {
    const all = world.violations();
    for (; seen < all.length; seen++) yield `${all[seen]?.invariant}: ${all[seen]?.words}`;
    for (const { uuid, runId } of world.injected)
      if (![...tables.intents.values()].some((it) => it.uuid === uuid && it.runId === runId))
        yield `6: run ${runId} of ${world.guest(uuid)?.name} was killed and nobody had asked for it.`;
  }

  /**
   * What a person stopped, or an owner does not want, is not started. Only in the middle of a repair a stop may be taken for a part of
   * the trouble: the repair was decided before it (`readAgoMs`: what a decision rests on was read a moment earlier).
   */
  function* againstAPerson() {
    const readAgoMs = 100;
    const wantedNow = new Map(vms().map((vm) => [vm.uuid, vm.wanted]));
    for (const [uuid, wanted] of wantedNow)
      if (wanted === "running") {
        if (unwantedSince.delete(uuid)) wantedAgainAt.set(uuid, rig.clock.now());
      } else unwantedSince.set(uuid, unwantedSince.get(uuid) ?? rig.clock.now());
    for (; seenStarts < world.starts.length; seenStarts++) {
      const start = world.starts[seenStarts];
      if (!start) continue;
      const against = start.stoppedByPersonAt ?? unwantedSince.get(start.uuid);
      if (against === undefined || against > start.at) continue;
      if ((wantedAgainAt.get(start.uuid) ?? 0) > against) continue;
      const open = incidents().find((it) => tables.vms.get(it.vmId)?.vm.uuid === start.uuid);
      if (open === undefined || open.td > against + readAgoMs)
        yield `3: Belay started ${world.guest(start.uuid)?.name}, which is wanted off.`;
    }
  }

  function* twoAtOnce() {
    for (const vm of vms()) {
      const open = repairs().filter((it) => it.vmId === vm.id).length;
      if (open > 1) yield `2: ${vm.name} has ${open} open repairs.`;
      const told = incidents().filter((it) => it.vmId === vm.id).length;
      if (told > 1) yield `2: ${vm.name} has ${told} open incidents.`;
    }
  }

  function* beyondConsent() {
    for (const repair of repairs()) {
      if (plannedBefore.has(repair.id)) continue;
      plannedBefore.add(repair.id);
      const vm = tables.vms.get(repair.vmId)?.vm;
      const consents = vm ? [vm.consent, consentBefore.get(vm.id) ?? vm.consent] : [];
      const { needsConsent } = techniques[repair.technique];
      if (vm && !consents.some((given) => consentCovers(given, needsConsent)))
        yield `3: ${repair.technique} was planned for ${vm.name}, whose owner allows ${vm.consent}.`;
    }
    consentBefore = new Map(vms().map((vm) => [vm.id, vm.consent]));
  }

  async function* nobodyWorksOnIt() {
    const alive = rig.belay.aliveSince() !== undefined;
    const unfinished = new Set(await rig.belay.journal.unfinished());
    for (const incident of incidents()) {
      const name = tables.vms.get(incident.vmId)?.vm.name;
      const working = repairs().some((it) => it.incidentId === incident.id);
      if (working === (incident.state === "handed-over"))
        yield `5: the incident of ${name} is ${incident.state} and ${working ? "has" : "has no"} repair at work.`;
      if (incident.words === "") yield `5: the incident of ${name} says nothing.`;
    }
    for (const repair of repairs())
      if (lasts(`idle ${repair.id}`, alive && !unfinished.has(repair.id)))
        yield `5: repair ${repair.id} is open and no program runs it.`;
    for (const intent of tables.intents.values())
      if (lasts(`intent ${intent.id}`, alive && intent.ended === null, answerMs))
        yield `6: a request to kill ${intent.name} was acknowledged and nobody carries it out.`;
  }

  function* nobodyWasTold() {
    for (const vm of vms()) {
      const host = hostOf(vm);
      const domain = host?.domains.get(vm.uuid);
      const guest = world.guest(vm.uuid);
      const can = watched(host);
      const incident = incidents().find((it) => it.vmId === vm.id);
      const byPerson = guest?.stoppedByPersonAt != null;
      const bad = can && domain?.state !== "running" && vm.wanted === "running" && !byPerson && !incident;
      if (lasts(`bad ${vm.id}`, bad))
        yield `5: ${vm.name} is ${domain?.state ?? "gone"} (${domain?.reason}) and nobody was told.`;
      const well = can && domain !== undefined && guestAnswers(world, domain) && vm.wanted === "running";
      if (lasts(`well ${vm.id}`, well && incident !== undefined))
        yield `5: ${vm.name} is well and its incident is still ${incident?.state}: ${incident?.words}`;
    }
  }

  return {
    async check() {
      const found = [...seenByTheWorld(), ...againstAPerson(), ...twoAtOnce(), ...beyondConsent(), ...nobodyWasTold()];
      for await (const words of nobodyWorksOnIt()) found.push(words);
      return found;
    },
  };
}
