// `node tools/run.mjs FILE.ts ARGS…`: see tools/setup/launch.mjs.
import { launch } from "./setup/launch.mjs";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error("usage: node tools/run.mjs FILE.ts [ARGUMENTS]");
  process.exit(2);
}
await launch(file, args);
