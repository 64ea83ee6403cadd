import type { z } from "zod";
import type { customerView, jointConclusion } from "../../contract/index.ts";
import { serverNamed } from "../description/index.ts";
import { type Context, say } from "./context.ts";
import { type ManagerState, repairForgottenMs, repairOpen, type Trouble } from "./state.ts";
import { techniqueFor } from "./technique-table.ts";

/** What our own sensors say, and what we do about it alone once both parties' views are put together. */

export type CustomerView = z.infer<typeof customerView>;
type Conclusion = z.infer<typeof jointConclusion>;

/** The provider answers within a second of a question; without its answer our own view must do. */
const answerWaitMs = 3_000;
const settleMs = 10_000;
const lookAgainMs = 15_000;
/** Where the provider is to repair the VM, it gets this long to begin. */
const providersTurnMs = 30_000;
const restartsCountForMs = 10 * 60_000;

const put = (state: ManagerState, trouble: Trouble): ManagerState => ({
  ...state,
  troubles: { ...state.troubles, [trouble.server]: trouble },
});

const without = <T>(record: Record<string, T>, key: string): Record<string, T> => {
  const { [key]: _, ...rest } = record;
  return rest;
};

/** What our sensors say so soon after a repair may have been seen before its end: rare ones look every few seconds. */
const sensorsLagMs = 12_000;

/** Whether the provider's repair of this VM is going on: then nothing is done about its servers beside it. */
const inRepair = (state: ManagerState, vm: string, context: Context): boolean =>
  Object.values(state.repairs).some((one) => {
    const sinceMs = context.now - one.changedAt;
    if (context.vmNamed(one.vm) !== vm || sinceMs >= repairForgottenMs) return false;
    if (!repairOpen(one)) return sinceMs < sensorsLagMs;
    const { stage } = one;
    return !(stage.is === "reported" && !stage.ok) && !(stage.is === "answered" && stage.how === "declined");
  });

export function serverDown(
  state: ManagerState,
  server: string,
  view: CustomerView,
  words: string,
  context: Context,
): ManagerState {
  const { vm } = serverNamed(context.description, server);
  const known = state.troubles[server];
  if (known !== undefined || inRepair(state, vm, context)) return state;
  return asked(state, { server, vm, since: context.now, view, words, conclusion: null, tried: [] }, context);
}

type Untold = Omit<Trouble, "stage">;

function asked(state: ManagerState, trouble: Untold, context: Context): ManagerState {
  const key = `trouble/${trouble.server}/${context.now}`;
  const until = context.now + answerWaitMs;
  const next = put(state, { ...trouble, stage: { is: "asked", question: context.idOf(key), until } });
  const vmId = context.vmIdOf(trouble.vm);
  if (vmId === undefined) return next;
  const { view: customer, words } = trouble;
  return say(next, context, {
    key,
    subject: null,
    message: { kind: "diagnosis.asked", vmId, customer, words },
    until,
  });
}

/** The provider's repair has begun: what was done to the servers of this VM alone is called off. A VM that is being made anew is not. */
export function yielded(state: ManagerState, vm: string): ManagerState {
  const stays = ({ stage, ...trouble }: Trouble) =>
    trouble.vm !== vm || (stage.is === "acting" && stage.action.technique.startsWith("rebuild-"));
  const troubles = Object.values(state.troubles).filter(stays);
  return troubles.length === Object.keys(state.troubles).length
    ? state
    : { ...state, troubles: Object.fromEntries(troubles.map((trouble) => [trouble.server, trouble])) };
}

export function serverWell(state: ManagerState, server: string): ManagerState {
  const known = state.troubles[server];
  return known === undefined || known.stage.is === "acting"
    ? state
    : { ...state, troubles: without(state.troubles, server) };
}

/** The provider's answer to our question. */
export function concluded(
  state: ManagerState,
  question: string,
  conclusion: Conclusion,
  context: Context,
): ManagerState {
  const trouble = Object.values(state.troubles).find(
    ({ stage }) => stage.is === "asked" && stage.question === question,
  );
  return trouble === undefined ? state : acted(state, { ...trouble, conclusion }, context);
}

function acted(state: ManagerState, trouble: Trouble, context: Context): ManagerState {
  const { now, description } = context;
  if (inRepair(state, trouble.vm, context))
    return put(state, {
      ...trouble,
      stage: { is: "waiting", until: now + lookAgainMs, why: "The provider repairs its VM." },
    });
  const server = serverNamed(description, trouble.server);
  const recent = (state.restarts[server.name] ?? []).filter((at) => now - at < restartsCountForMs);
  const choice = techniqueFor({
    conclusion: trouble.conclusion,
    view: trouble.view,
    state: server.state,
    tried: trouble.tried,
    restarts: recent.length,
    waitedForProvider: now - trouble.since >= providersTurnMs,
    vmsDown: [
      ...new Set(
        Object.values(state.troubles)
          .filter((one) => one.view.reached === "by-none")
          .map((one) => one.vm),
      ),
    ],
    mode: context.mode,
    alone: description.alone,
  });
  if ("wait" in choice)
    return put(state, { ...trouble, stage: { is: "waiting", until: now + lookAgainMs, why: choice.wait } });
  const { technique } = choice;
  const vms = technique === "rebuild-many" ? [...choice.vms] : [trouble.vm];
  // A VM that is being made anew carries its other servers' troubles with it.
  if (
    Object.values(state.troubles).some(
      (one) => one.stage.is === "acting" && one.stage.action.vms.some((vm) => vms.includes(vm)),
    )
  )
    return put(state, {
      ...trouble,
      stage: { is: "waiting", until: now + settleMs, why: "Its VM is in hand already." },
    });
  const action = { technique, key: `alone/${technique}/${trouble.server}/${now}`, server: trouble.server, vms };
  return put(
    {
      ...state,
      restarts: {
        ...state.restarts,
        ...(technique === "restart-server" && { [server.name]: [...recent, now].slice(-20) }),
      },
    },
    { ...trouble, tried: [...trouble.tried, technique], stage: { is: "acting", action } },
  );
}

export function actionEnded(state: ManagerState, key: string, context: Context): ManagerState {
  const trouble = Object.values(state.troubles).find(({ stage }) => stage.is === "acting" && stage.action.key === key);
  return trouble === undefined
    ? state
    : put(state, { ...trouble, stage: { is: "settling", until: context.now + settleMs } });
}

/** Deadlines of troubles that have come. */
export function troublesTick(state: ManagerState, context: Context): ManagerState {
  let next = state;
  for (const trouble of Object.values(state.troubles)) {
    const { stage } = trouble;
    if (stage.is === "acting" || context.now < stage.until) continue;
    // Not answered: our own view must do. Otherwise it still is not well: ask again, things may have changed.
    next =
      stage.is === "asked" ? acted(next, trouble, context) : asked(next, { ...trouble, conclusion: null }, context);
  }
  return next;
}
