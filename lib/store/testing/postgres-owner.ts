// A process that owns a PostgreSQL, for tests that kill it: argument 1 is the options as JSON. Says in one line what it got, then
// stays until it is killed or its stdin closes.
import { ensurePostgres } from "../postgres/index.ts";

const { pid, adopted, url } = await ensurePostgres(JSON.parse(process.argv[2] ?? "{}"));
console.log(JSON.stringify({ pid, adopted, url }));
process.stdin.resume().on("end", () => process.exit(0));
