import { consentRefusal, modeRefusal } from "../../decide/index.ts";
import { type Incident, techniques } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { goesOn } from "../repair/group/standing.ts";
import { isLeftToPeople } from "../repair/left-to-people.ts";

/**
 * A host that failed is back with VMs that were not started elsewhere. Each is brought back there, as far as its owner allows: one that
 * runs already, because the host was only unseen, is found well by its repair, and touched by nothing. One that was stopped with its group goes on
 * with that.
 */
export async function homeAgain(env: Env, incident: Incident): Promise<void> {
  const { store, clock } = env;
  // Also one that had just been moved away when its host failed: nobody else looks at it while it counts as lost.
  const parts = (await store.partsOf(incident.id)).filter(
    ({ vm, incident: part }) =>
      !isLeftToPeople(part) && (vm.hostId === incident.hostId || (part.state === "open" && part.repairs.length === 0)),
  );
  const plans = await Promise.all(
    parts.map(async ({ incident: part, vm }) => {
      const together = goesOn(part);
      if (together !== undefined) return { incidentId: part.id, plan: together };
      const refusal =
        vm.wanted === "stopped"
          ? "Its owner wants it stopped."
          : (modeRefusal(await store.modeOf(vm.id)) ??
            consentRefusal(vm.consent, techniques["revive-vm"].needsConsent));
      const words = "Its host is back: bring it back there, from its own disk.";
      return {
        incidentId: part.id,
        plan: refusal === undefined ? { technique: "revive-vm" as const, words } : { refusal },
      };
    }),
  );
  if (plans.length > 0) await store.planRelocations(plans, clock.now());
}
