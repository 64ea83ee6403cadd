import { answersNetwork } from "../../world/net.ts";
import { graceMs, type Invariant } from "./sight.ts";

/** Peers are asked, a quorum is waited for, and a host that flaps is looked at twice. */
const hostGraceMs = graceMs + 10_000;

/** A host that Belay does not reach is told of, unless Belay sees too little to judge; one that is well has no incident. */
export const hostNotTold: Invariant = ({ tables, world, now, belayLives, openIncidents, lasts }) =>
  function* () {
    const at = now();
    const all = [...tables.hosts.values()].flatMap(({ host, removed }) => {
      const real = removed ? undefined : world.hostByUri(host.uri);
      return real
        ? [{ host, real, reached: answersNetwork(real, at) && real.hostKeySha256 === host.hostKeySha256 }]
        : [];
    });
    const reached = all.filter((it) => it.reached).length;
    const incidents = openIncidents();
    for (const it of all) {
      const { host, real } = it;
      const incident = incidents.find((one) => one.vmId === null && one.hostId === host.id);
      const told = incident !== undefined || host.standing !== "in-use";
      const bad = !it.reached || real.libvirtd === "down";
      // One that waits for a person's answer, or for Belay to see enough, is told of by its connection alone.
      const judges = belayLives() && reached * 2 > all.length;
      if (lasts(`host ${host.id}`, bad && judges && !told, hostGraceMs))
        yield `5: ${host.name} does not answer and nobody was told.`;
      const well = it.reached && !bad && belayLives() && incident !== undefined;
      if (lasts(`host well ${host.id}`, well, hostGraceMs + 20_000))
        yield `5: ${host.name} is well and its incident is still ${incident?.state}: ${incident?.words}`;
    }
  };
