import { launch } from "./setup/launch.mjs";

await launch("tools/start/main.ts", process.argv.slice(2));
