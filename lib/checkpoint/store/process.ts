/**
 * The store as a process of its own, so that hashing, compressing and waiting for disks never hold up the server: `node process.ts
 * SETTINGS`. Tells on stdout, a line of JSON each, that it is ready and what it finds damaged. Ends when its stdin does: whoever started
 * it is gone then.
 */

import { serveStore } from "./server.ts";
import { optionsOf, settingsSchema, socketOf } from "./settings.ts";
import { openStore } from "./store.ts";

const lockWaitMs = 20_000;
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
process.stdout.on("error", () => {}); // nobody listens any more; the end of stdin follows

const settings = settingsSchema.parse(JSON.parse(process.argv[2] ?? ""));
const options = await optionsOf(settings);
const store = await openStore({ ...options, lockWaitMs, onDamage: (report) => tell({ kind: "damage", ...report }) });
const serving = await serveStore(store, socketOf(settings));

let ending = false;
async function end(): Promise<void> {
  if (ending) return;
  ending = true;
  await serving.close();
  await store.close();
  process.exit(0);
}
process.stdin.on("end", end).on("error", end).resume();
// A signal to the whole group is for who started it: that one still needs the store while it stops.
for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
tell({ kind: "ready", isNew: store.isNew, isEmpty: store.isEmpty });
