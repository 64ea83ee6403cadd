import type { Clock, CollaborationServiceStore, Log, ServiceStore } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";

/** What the conversation's way to the managers needs of the store. */
export type ConversationStore = Pick<
  CollaborationServiceStore,
  | "claimManager"
  | "endpoints"
  | "hear"
  | "managers"
  | "onSayings"
  | "recordDelivery"
  | "recordReceived"
  | "recordSensors"
  | "releaseManager"
  | "undelivered"
> &
  Pick<ServiceStore, "applications" | "hosts" | "policy" | "vm">;

export interface Surroundings {
  readonly store: ConversationStore;
  /** Who asks, by `Authorization: Bearer KEY`. */
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  readonly clock: Pick<Clock, "now" | "monotonicMs">;
  readonly log: Log;
}
