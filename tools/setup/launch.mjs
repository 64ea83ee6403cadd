// Runs a TypeScript file of ours on the Node that npm brought (24), whatever Node started us, after installing the npm packages
// where they are missing: every `npm run …` works right after a clone.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { requireNode } from "./node.mjs";
import { ensurePackages, node24, projectDir } from "./packages.mjs";

/** As `nodeArguments` of tools/kit/project.ts, which says why; here they must be known before a TypeScript file can be read. */
const nodeArguments = [
  "--disable-warning=ExperimentalWarning",
  "--max-semi-space-size=32",
  "--no-allocation-site-pretenuring",
];

export async function launch(file, args) {
  requireNode();
  await ensurePackages();
  const child = spawn(node24(), [...nodeArguments, file, ...args], {
    cwd: projectDir,
    // The channel closes when we die, even by kill -9: the child then stops what it started (tools/kit/interruption.ts).
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  // The terminal sends Ctrl-C to the whole group; the child stops in its own order and we only wait for it.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`${node24()} cannot be started: ${error.message}. Remove node_modules and try again.`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 1)));
}
