import type { Description } from "../description/index.ts";
import type { CustomerWords, IncidentId, ManagerState, MessageId, Saying, VmId } from "./state.ts";

/** What a decision may look at beside the state: everything comes in, so that a test says it. */
export interface Context {
  readonly now: number;
  readonly description: Description;
  /** Our VM's name behind the provider's words; undefined where it is none of ours. */
  readonly vmNamed: (ref: { readonly id: string; readonly name: string }) => string | undefined;
  readonly vmIdOf: (vm: string) => VmId | undefined;
  /** A message's id from what it says; always the same one. */
  readonly idOf: (key: string) => MessageId;
  /** How the provider protects the application, where that is known. */
  readonly mode: "provider" | "customer" | "collaborative" | "none" | null;
}

export interface Say {
  readonly key: string;
  readonly subject: IncidentId | null;
  readonly message: CustomerWords;
  readonly until?: number;
}

/** Puts a message into the outbox, unless it is there. */
export function say(state: ManagerState, context: Context, { key, subject, message, until }: Say): ManagerState {
  const one: Saying = { id: context.idOf(key), subject, at: context.now, message, until: until ?? null };
  return state.outbox.some(({ id }) => id === one.id) ? state : { ...state, outbox: [...state.outbox, one] };
}
