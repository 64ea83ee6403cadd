import type { EngineStore, EventFeed, ServiceStore } from "../../../engine/ports.ts";

/** What both twins are. */
export interface Store {
  readonly engine: EngineStore;
  readonly service: ServiceStore;
  readonly feed: EventFeed;
}
export type Call = (store: Store) => Promise<unknown>;
