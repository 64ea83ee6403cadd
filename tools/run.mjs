// `node tools/run.mjs FILE.ts ARGS…`: runs a TypeScript file of ours on the Node that npm brought (24), whatever Node started us.
// Installs the npm packages first where they are missing, so that every `npm run …` works right after a clone.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { ensurePackages, node24, projectDir } from "./setup/packages.mjs";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error("usage: node tools/run.mjs FILE.ts [ARGUMENTS]");
  process.exit(2);
}
await ensurePackages();
const child = spawn(node24(), ["--disable-warning=ExperimentalWarning", file, ...args], { cwd: projectDir, stdio: "inherit" });
// The terminal sends Ctrl-C to the whole group; the child stops in its own order and we only wait for it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => signal !== "SIGINT" && child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1)));
