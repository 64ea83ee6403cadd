import { type CustomerEvent, eventType, type ManagerFrame, type ProviderEvent } from "../../contract/index.ts";
import {
  actionsOf,
  againstByHand,
  type Context,
  type Input,
  jobsByHand,
  jobsOf,
  type ManagerState,
  managerState,
  noState,
  type Ordered,
  reduce,
  type Saying,
  withoutOldWork,
} from "../decide/index.ts";
import type { Journal } from "../journal/index.ts";
import { type Log, ManagerError } from "../servers.ts";
import { createJobs, type Workers } from "./jobs.ts";
import { createOrders } from "./orders.ts";
import { createWaits } from "./waits.ts";

/**
 * The manager at work: what comes in is decided, kept, and then answered and done, in this order. A message is said to be received once
 * the journal has it with all that follows from it.
 */
export interface Agent {
  /** Resolves when it is in the journal. */
  feed(input: Input): Promise<void>;
  /** A message of the provider's. False: this manager stands by, the message is not its business. */
  hear(event: ProviderEvent): Promise<boolean>;
  /**
   * A person wants this repaired now. Resolves when it is done; once begun it is done to its end, also where nobody waits any more and
   * after a kill -9. Refused where somebody has its VM in hand already.
   */
  repair(ordered: Ordered, say: Log): Promise<void>;
  /** null: not known, as before the first welcome, or once the right to act has run out. */
  stand(standing: "active" | "standby" | null, epoch?: number): void;
  /** What was not sent yet, or on another connection. */
  sendAgain(): void;
  mayAct(): boolean;
  state(): ManagerState;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly journal: Journal;
  readonly context: () => Omit<Context, "now">;
  readonly workers: Workers;
  /** False: not now; it is asked again after `sendAgain`. */
  readonly send: (frame: Extract<ManagerFrame, { type: "message" }>) => boolean;
  readonly source: string;
  readonly log: Log;
  readonly nowMs?: () => number;
  /** The journal cannot be written: this manager must end, for it could not keep its word. */
  readonly onBroken: (error: unknown) => void;
}

/** The journal's note that holds the state. */
export const stateKey = "manager";
const mostInFlight = 64;
const tickMs = 250;

export function createAgent(options: AgentOptions): Agent {
  const { journal, workers, log, onBroken, nowMs = Date.now } = options;
  let state = stateToGoOnWith(journal, nowMs(), log);
  /** Settles when the journal has the state as it is. */
  let writing: Promise<void> = Promise.resolve();
  const orders = createOrders();
  const tellWaits = createWaits(log);
  let standing: "active" | "standby" | null = null;
  let epoch: number | undefined;
  let closed = false;
  const inFlight = new Set<string>();

  const context = (): Context => ({ ...options.context(), now: nowMs() });
  const mayAct = () => standing === "active" && !closed;

  function pump(): void {
    if (!mayAct()) return;
    for (const saying of state.outbox) {
      if (inFlight.size >= mostInFlight) return;
      if (inFlight.has(saying.id)) continue;
      inFlight.add(saying.id);
      if (options.send({ type: "message", message: eventOf(saying, options.source, epoch) })) continue;
      inFlight.delete(saying.id);
      return;
    }
  }

  async function feed(input: Input): Promise<void> {
    if (closed) return;
    const next = reduce(state, input, context());
    if (input.is === "taken" || input.is === "refused") inFlight.delete(input.id);
    // A message that comes twice is not received before the journal has its first: that one may still be on its way there.
    if (next === state) return writing;
    state = next;
    const told = orders.endedBy(input, next);
    const ids = new Set<string>(next.outbox.map(({ id }) => id));
    for (const id of inFlight) if (!ids.has(id)) inFlight.delete(id);
    writing = journal.remember(stateKey, next);
    try {
      await writing;
    } catch (error) {
      if (!closed) onBroken(error);
      throw error;
    }
    // Not before: a kill -9 between the two would have the next run give the VM back that it has just been given.
    if (input.is === "action-ended") void journal.undo(input.key).catch(() => {});
    told();
    tellWaits(state);
    pump();
    jobs.sync();
  }

  const jobs = createJobs({
    // What a person ordered is done also while the provider is away, and never left half done.
    wanted: () => (mayAct() ? jobsOf(state, options.context().vmNamed) : jobsByHand(state)),
    workers,
    feed: (input) => void feed(input).catch(() => {}),
    log,
    say: orders.say,
  });
  jobs.sync();
  const timer = setInterval(() => void feed({ is: "tick" }).catch(() => {}), tickMs);

  return {
    feed,
    mayAct,
    state: () => state,
    async hear(event) {
      if (!mayAct()) return false;
      await feed({ is: "message", event });
      return true;
    },
    async repair(ordered, say) {
      const against =
        standing === "standby"
          ? "Another manager of the organization is the active one, this one stands by."
          : againstByHand(state, ordered, context());
      if (against !== null) throw refusal(against);
      const kept = feed({ is: "by-hand", ordered });
      const ended = orders.wait(state.byHand[ordered.vm], say);
      await kept;
      await ended;
    },
    stand(next, given) {
      standing = next;
      epoch = given;
      inFlight.clear();
      pump();
      jobs.sync();
    },
    sendAgain() {
      inFlight.clear();
      pump();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      await jobs.close();
    },
  };
}

export function keptState(journal: Journal): ManagerState {
  const kept = journal.recall(stateKey);
  return kept === undefined ? noState : managerState.parse(kept);
}

/** For a manager that starts, and for what a person has done while none runs. */
export function stateToGoOnWith(journal: Journal, nowMs: number, log: Log): ManagerState {
  const before = keptState(journal);
  const state = withoutOldWork(before, nowMs);
  const going = new Set(actionsOf(state).map(({ key }) => key));
  for (const { key, technique, server, vms } of actionsOf(before))
    if (!going.has(key))
      log(
        `${technique} of ${server ?? vms.join(", ")} was begun half an hour ago or longer and is not gone on with: \`up\` makes what is missing.`,
      );
  return state;
}

const waitForIt = "Wait for its end: belay-manager status shows how things are. Then give the command again.";
export const refusal = (message: string, cure = waitForIt): ManagerError =>
  new ManagerError({ code: "in-hand", message, cure });

function eventOf(saying: Saying, source: string, epoch: number | undefined): CustomerEvent {
  return {
    specversion: "1.0",
    id: saying.id,
    source,
    type: eventType(saying.message.kind),
    ...(saying.subject !== null && { subject: saying.subject }),
    time: new Date(saying.at).toISOString(),
    datacontenttype: "application/json",
    ...(epoch !== undefined && epoch > 0 && { epoch }),
    data: saying.message,
  };
}
