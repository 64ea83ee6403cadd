import { mirrorVms } from "../description/index.ts";
import type { Context } from "./context.ts";
import { type Action, type ManagerState, repairForgottenMs, repairOpen } from "./state.ts";

/** Who has a VM in hand. One at a time: its provider, this manager, or a person by this manager. */

/** What our sensors say so soon after a repair may have been seen before its end: rare ones look every few seconds. */
export const sensorsLagMs = 12_000;

/** Whether the provider's repair of this VM is going on. */
export const providerRepairs = (state: ManagerState, vm: string, context: Context): boolean =>
  Object.values(state.repairs).some((one) => {
    if (!repairOpen(one) || context.vmNamed(one.vm) !== vm || context.now - one.changedAt >= repairForgottenMs)
      return false;
    const { stage } = one;
    return !(stage.is === "reported" && !stage.ok) && !(stage.is === "answered" && stage.how === "declined");
  });

/** The same, or it ended so lately that our sensors may still tell of before: nothing is done about its servers beside it. */
export const inProvidersHand = (state: ManagerState, vm: string, context: Context): boolean =>
  providerRepairs(state, vm, context) ||
  Object.values(state.repairs).some(
    (one) => !repairOpen(one) && context.vmNamed(one.vm) === vm && context.now - one.changedAt < sensorsLagMs,
  );

/** Everything that this manager is doing of its own, and for people. */
export const actionsOf = (state: ManagerState): readonly Action[] => [
  ...Object.values(state.troubles).flatMap(({ stage }) => (stage.is === "acting" ? [stage.action] : [])),
  ...Object.values(state.byHand).flatMap(({ stage }) => (stage.is === "acting" ? [stage.action] : [])),
];

export const actionOn = (state: ManagerState, vm: string): Action | undefined =>
  actionsOf(state).find(({ vms }) => vms.includes(vm));

/** It gives VMs back and asks for others. */
export const makesAnew = ({ technique }: Pick<Action, "technique">): boolean => technique.startsWith("rebuild-");

/** A VM with the same data that is being made anew: until that one has them again, this one may be the only one that does. */
export const mirrorMadeAnew = (state: ManagerState, vm: string, { description }: Context): string | undefined =>
  mirrorVms(description, vm).find((mirror) => {
    const action = actionOn(state, mirror);
    return action !== undefined && makesAnew(action);
  });

export const mirrorFirst = (mirror: string): string =>
  `${mirror}, which has the same data, is being made anew: it has to have them again first.`;
