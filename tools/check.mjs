import { launch } from "./setup/launch.mjs";

await launch("tools/check/main.ts", process.argv.slice(2));
