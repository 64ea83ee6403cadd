import type { Context } from "./context.ts";
import { actionOn, makesAnew, mirrorFirst, mirrorMadeAnew, providerRepairs, sensorsLagMs } from "./in-hand.ts";
import { type Action, type ByHand, type ManagerState, repairForgottenMs } from "./state.ts";

/**
 * A repair that a person orders, whatever the sensors say. It is kept as the manager's own are: killed in the middle, the next run goes on
 * with it, and nothing else is done to its VM meanwhile.
 */

export interface Ordered {
  readonly technique: "restart-server" | "replay-server" | "rebuild-vm";
  /** null: the VM itself was named. */
  readonly server: string | null;
  readonly vm: string;
}

const put = (state: ManagerState, one: ByHand): ManagerState => ({
  ...state,
  byHand: { ...state.byHand, [one.vm]: one },
});

const what = ({ technique, server, vms }: Action): string => `${technique} of ${server ?? vms.join(", ")}`;

/** Why it cannot begin now; null: it can. */
export function againstByHand(
  state: ManagerState,
  { technique, vm }: Pick<Ordered, "technique" | "vm">,
  context: Context,
): string | null {
  const action = actionOn(state, vm);
  if (action !== undefined)
    return state.byHand[vm]?.stage.is === "acting"
      ? `A repair of ${vm} by hand is on its way already: ${what(action)}.`
      : `The manager is repairing ${vm} already: ${what(action)}.`;
  const mirror = makesAnew({ technique }) ? mirrorMadeAnew(state, vm, context) : undefined;
  if (mirror !== undefined) return mirrorFirst(mirror);
  return providerRepairs(state, vm, context) ? `The provider's repair of ${vm} is on its way.` : null;
}

export function begunByHand(state: ManagerState, { technique, server, vm }: Ordered, context: Context): ManagerState {
  if (againstByHand(state, { technique, vm }, context) !== null) return state;
  const action: Action = {
    ...{ technique, server, vms: [vm] },
    key: `by-hand/${technique}/${server ?? vm}/${context.now}`,
  };
  // What was known of what is repaired now counts no more: the sensors say it again where it does not help.
  const concerned = Object.values(state.troubles).filter(
    (trouble) => trouble.vm === vm && (makesAnew(action) || trouble.server === server),
  );
  const troubles = Object.fromEntries(
    Object.entries(state.troubles).filter(([, trouble]) => !concerned.includes(trouble)),
  );
  return put({ ...state, troubles }, { vm, at: context.now, stage: { is: "acting", action } });
}

export function endedByHand(state: ManagerState, key: string, context: Context): ManagerState {
  const one = Object.values(state.byHand).find(({ stage }) => stage.is === "acting" && stage.action.key === key);
  return one === undefined
    ? state
    : put(state, { ...one, stage: { is: "settling", until: context.now + sensorsLagMs } });
}

/** The provider's repair of this VM has begun: a restart gives way to it. A VM that is being made anew is not left half made. */
export function yieldedByHand(state: ManagerState, vm: string): ManagerState {
  const one = state.byHand[vm];
  return one?.stage.is === "acting" && !makesAnew(one.stage.action) ? without(state, [vm]) : state;
}

export function byHandTick(state: ManagerState, now: number): ManagerState {
  const over = Object.values(state.byHand).filter(({ stage }) => stage.is === "settling" && now >= stage.until);
  return over.length === 0
    ? state
    : without(
        state,
        over.map(({ vm }) => vm),
      );
}

/**
 * For a manager that starts: what was begun long ago, by hand or by itself, is not carried out any more. Its VM may be another one by now,
 * and what was concluded of it then is concluded again.
 */
export function withoutOldWork(state: ManagerState, now: number): ManagerState {
  const isOld = (at: number) => now - at >= repairForgottenMs;
  const troubles = Object.entries(state.troubles).filter(
    ([, { since, stage }]) => !(stage.is === "acting" && isOld(stage.at ?? since)),
  );
  const old = Object.values(state.byHand).filter(({ at }) => isOld(at));
  if (old.length === 0 && troubles.length === Object.keys(state.troubles).length) return state;
  return without(
    { ...state, troubles: Object.fromEntries(troubles) },
    old.map(({ vm }) => vm),
  );
}

/** Its VMs are given back: nothing that was known of them, begun on them or ordered for them holds for those that come after. */
export const withoutVms = (state: ManagerState): ManagerState => ({ ...state, troubles: {}, byHand: {} });

const without = (state: ManagerState, vms: readonly string[]): ManagerState => ({
  ...state,
  byHand: Object.fromEntries(Object.entries(state.byHand).filter(([vm]) => !vms.includes(vm))),
});
