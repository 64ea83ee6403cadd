import { launch } from "./setup/launch.mjs";

await launch("tools/test/main.ts", process.argv.slice(2));
