import type { z } from "zod";
import type { customerView, jointConclusion } from "../../contract/index.ts";
import { serverNamed } from "../description/index.ts";
import type { Problem } from "../servers.ts";
import { type Context, say } from "./context.ts";
import { actionOn, inProvidersHand, makesAnew, mirrorFirst, mirrorMadeAnew } from "./in-hand.ts";
import type { ManagerState, Trouble } from "./state.ts";
import { againstMakingAnew, techniqueFor } from "./technique-table.ts";

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

export function serverDown(
  state: ManagerState,
  server: string,
  view: CustomerView,
  words: string,
  context: Context,
): ManagerState {
  const { vm } = serverNamed(context.description, server);
  const known = state.troubles[server];
  if (known !== undefined) return seenAnew(state, known, view, words, context);
  if (inProvidersHand(state, vm, context) || state.byHand[vm] !== undefined) return state;
  const trouble = { server, vm, since: context.now, view, words, conclusion: null, tried: [], notMadeAnew: null };
  return asked(state, trouble, context);
}

/** A VM that was away comes back without its servers: what is asked and done goes by what is seen now, not by what was seen first. */
function seenAnew(
  state: ManagerState,
  known: Trouble,
  view: CustomerView,
  words: string,
  context: Context,
): ManagerState {
  if (known.stage.is === "acting") return state;
  const { reached, processes, service } = known.view;
  if (reached === view.reached && processes === view.processes && service === view.service)
    return words === known.words ? state : put(state, { ...known, words });
  // What was concluded was concluded of another view. One that nobody reaches only now is the provider's first.
  const since = reached === view.reached ? known.since : context.now;
  const now = { ...known, view, words, since, conclusion: null };
  return known.stage.is === "asked" ? asked(state, now, context) : put(state, now);
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
    trouble.vm !== vm || (stage.is === "acting" && makesAnew(stage.action));
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
  const waiting = (why: string, forMs: number) =>
    put(state, { ...trouble, stage: { is: "waiting", until: now + forMs, why } });
  if (inProvidersHand(state, trouble.vm, context)) return waiting("The provider repairs its VM.", lookAgainMs);
  // A VM that is being made anew carries its other servers' troubles with it.
  if (actionOn(state, trouble.vm) !== undefined) return waiting("Its VM is in hand already.", settleMs);
  const server = serverNamed(description, trouble.server);
  const recent = (state.restarts[server.name] ?? []).filter((at) => now - at < restartsCountForMs);
  const alsoDead = deadBeside(state, trouble.vm, context);
  const choice = techniqueFor({
    conclusion: trouble.conclusion,
    view: trouble.view,
    state: server.state,
    tried: trouble.tried,
    notMadeAnew: trouble.notMadeAnew,
    restarts: recent.length,
    waitedForProvider: waitedForProvider(trouble, context),
    alsoDead,
    mode: context.mode,
    alone: description.alone,
  });
  if ("wait" in choice) return waiting(choice.wait, lookAgainMs);
  const { technique } = choice;
  const mirror = makesAnew(choice) ? mirrorMadeAnew(state, trouble.vm, context) : undefined;
  if (mirror !== undefined) return waiting(mirrorFirst(mirror), lookAgainMs);
  // What fails together is made anew together: the answers about the others come within moments.
  const together = trouble.conclusion?.layer !== "application" && description.alone.allow.includes("rebuild-many");
  if (together && makesAnew(choice) && asksOfOthers(state, trouble.vm))
    return waiting("Another VM is asked about first.", answerWaitMs);
  const vms = technique === "rebuild-many" ? [trouble.vm, ...alsoDead] : [trouble.vm];
  const action = { technique, key: `alone/${technique}/${trouble.server}/${now}`, server: trouble.server, vms };
  const next = {
    ...state,
    restarts: {
      ...state.restarts,
      ...(technique === "restart-server" && { [server.name]: [...recent, now].slice(-20) }),
    },
    ...(makesAnew(action) && { troubles: triedOn(state.troubles, vms, technique) }),
  };
  return put(next, { ...withTried(trouble, technique), stage: { is: "acting", action, at: now } });
}

const waitedForProvider = (trouble: Trouble, { now }: Context): boolean => now - trouble.since >= providersTurnMs;

/** Other VMs that may be made anew at once: each was concluded to be dead itself, and nobody has it in hand. */
function deadBeside(state: ManagerState, vm: string, context: Context): readonly string[] {
  const { mode } = context;
  const others = Object.values(state.troubles).filter((one) => one.vm !== vm);
  const isDead = (one: Trouble) =>
    againstMakingAnew({ ...one, mode, waitedForProvider: waitedForProvider(one, context) }) === null;
  return [...new Set(others.filter(isDead).map((one) => one.vm))].filter(
    (other) =>
      // Where two of its servers speak against each other, it is asked about again first.
      others.every((one) => one.vm !== other || one.conclusion === null || isDead(one)) &&
      actionOn(state, other) === undefined &&
      mirrorMadeAnew(state, other, context) === undefined &&
      !inProvidersHand(state, other, context),
  );
}

const asksOfOthers = (state: ManagerState, vm: string): boolean =>
  Object.values(state.troubles).some(
    (one) => one.vm !== vm && one.stage.is === "asked" && one.view.reached === "by-none",
  );

/** A VM is made anew once for all of its servers: those that are no better after it do not begin it again. */
const triedOn = (
  troubles: ManagerState["troubles"],
  vms: readonly string[],
  technique: Trouble["tried"][number],
): ManagerState["troubles"] =>
  Object.fromEntries(
    Object.entries(troubles).map(([name, one]) => [name, vms.includes(one.vm) ? withTried(one, technique) : one]),
  );

const withTried = <T extends Untold>(trouble: T, technique: Trouble["tried"][number]): T => ({
  ...trouble,
  tried: [...new Set([...trouble.tried, technique])],
});

export function actionEnded(state: ManagerState, key: string, problem: Problem | null, context: Context): ManagerState {
  const trouble = Object.values(state.troubles).find(({ stage }) => stage.is === "acting" && stage.action.key === key);
  if (trouble?.stage.is !== "acting") return state;
  const { action } = trouble.stage;
  const ended = put(state, { ...trouble, stage: { is: "settling", until: context.now + settleMs } });
  if (problem === null || !makesAnew(action)) return ended;
  // It is not tried again by itself, and nobody shall read that it was done.
  const notMade = problem.vms ?? action.vms;
  const words =
    problem.code === "dataNowhereElse"
      ? `${problem.message} A person has to decide.`
      : `${notMade.join(", ")} could not be made anew: ${problem.message} A person has to look.`;
  const troubles = Object.entries(ended.troubles).map(([name, one]) => [
    name,
    notMade.includes(one.vm) ? { ...one, notMadeAnew: words } : one,
  ]);
  return { ...ended, troubles: Object.fromEntries(troubles) };
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
