import { answersNetwork } from "../../world/net.ts";
import { graceMs, type Invariant } from "./sight.ts";

/** Peers are asked, a quorum is waited for, and a host that flaps is looked at twice. */
const hostGraceMs = graceMs + 10_000;

/** A host that Belay does not reach is told of, unless Belay sees too little to judge; one that is well has no incident. */
export const hostNotTold: Invariant = ({ tables, world, now, belayLives, openIncidents, lasts }) =>
  function* () {
    if (!belayLives()) return;
    const at = now();
    let [enrolled, reached] = [0, 0];
    for (const { host, removed } of tables.hosts.values()) {
      if (removed) continue;
      enrolled++;
      const real = world.hostByUri(host.uri);
      if (real && answersNetwork(real, at)) reached++;
    }
    for (const { host, removed } of tables.hosts.values()) {
      const real = removed ? undefined : world.hostByUri(host.uri);
      if (!real) continue;
      const silent = !answersNetwork(real, at) || real.hostKeySha256 !== host.hostKeySha256;
      const bad = silent || real.libvirtd === "down";
      let told: string | undefined = host.standing === "in-use" ? undefined : host.standing;
      for (const it of openIncidents()) if (it.vmId === null && it.hostId === host.id) told = it.words;
      // Where Belay sees too little to judge, the host's connection tells of it.
      if (lasts(`host ${host.id}`, bad && reached * 2 > enrolled && told === undefined, hostGraceMs))
        yield `5: ${host.name} does not answer and nobody was told.`;
      const well = !bad && told !== undefined && host.standing === "in-use";
      if (lasts(`host well ${host.id}`, well, hostGraceMs + 20_000))
        yield `5: ${host.name} is well and its incident is still open: ${told}`;
    }
  };
