import type { Ids } from "../engine/ports.ts";
import type { Database } from "./database.ts";
import type { Listener } from "./feed/listener.ts";
import type { Writer } from "./write/writer.ts";

/** What every part of the store is made from. */
export interface Parts {
  readonly database: Database;
  readonly write: Writer;
  readonly ids: Ids;
  readonly listener: Listener;
}
