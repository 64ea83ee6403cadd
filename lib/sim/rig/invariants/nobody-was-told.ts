import { guestAnswers } from "../../world/run.ts";
import type { Invariant } from "./sight.ts";

/** A VM that is down and should run has an incident, and one that is well has none. */
export const nobodyWasTold: Invariant = ({ world, vms, hostOf, watched, openIncidents, lasts }) =>
  function* () {
    const incidents = openIncidents();
    for (const vm of vms()) {
      const host = hostOf(vm);
      const domain = host?.domains.get(vm.uuid);
      const can = watched(host);
      const incident = incidents.find((it) => it.vmId === vm.id);
      const byPerson = world.guest(vm.uuid)?.stoppedByPersonAt != null;
      const bad = can && domain?.state !== "running" && vm.wanted === "running" && !byPerson && !incident;
      if (lasts(`bad ${vm.id}`, bad))
        yield `5: ${vm.name} is ${domain?.state ?? "gone"} (${domain?.reason}) and nobody was told.`;
      const well =
        incident !== undefined && can && domain !== undefined && guestAnswers(world, domain) && vm.wanted === "running";
      if (lasts(`well ${vm.id}`, well))
        yield `5: ${vm.name} is well and its incident is still ${incident?.state}: ${incident?.words}`;
    }
  };
