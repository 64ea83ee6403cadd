import { type CustomerEvent, eventType, type ManagerFrame, type ProviderEvent } from "../../contract/index.ts";
import {
  type Context,
  type Input,
  jobsOf,
  type ManagerState,
  managerState,
  noState,
  reduce,
  type Saying,
} from "../decide/index.ts";
import type { Journal } from "../journal/index.ts";
import type { Log } from "../servers.ts";
import { createJobs, type Workers } from "./jobs.ts";

/**
 * The manager at work: what comes in is decided, kept, and then answered and done, in this order. A message is said to be received once
 * the journal has it with all that follows from it.
 */
export interface Agent {
  /** Resolves when it is in the journal. */
  feed(input: Input): Promise<void>;
  /** A message of the provider's. False: this manager stands by, the message is not its business. */
  hear(event: ProviderEvent): Promise<boolean>;
  /** null: not known, as before the first welcome. `epoch` undefined: there is none (an endpoint without a standing connection). */
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

const stateKey = "manager";
const mostInFlight = 64;
const tickMs = 250;

export function createAgent(options: AgentOptions): Agent {
  const { journal, workers, log, onBroken, nowMs = Date.now } = options;
  const kept = journal.recall(stateKey);
  let state: ManagerState = kept === undefined ? noState : managerState.parse(kept);
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
    if (next === state) return;
    state = next;
    const ids = new Set<string>(next.outbox.map(({ id }) => id));
    for (const id of inFlight) if (!ids.has(id)) inFlight.delete(id);
    try {
      await journal.remember(stateKey, next);
    } catch (error) {
      if (!closed) onBroken(error);
      throw error;
    }
    pump();
    jobs.sync();
  }

  const jobs = createJobs({
    wanted: () => (mayAct() ? jobsOf(state, options.context().vmNamed) : []),
    workers,
    feed: (input) => void feed(input).catch(() => {}),
    log,
  });
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
