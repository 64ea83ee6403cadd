import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { readConfig } from "./config.ts";
import { Helper } from "./helper.ts";
import { askHelper } from "./socket.ts";

/** `belay-host`: what runs on a hypervisor. Bundled into one file by bundle.ts; no other file of ours is there. */

const usage = `belay-host run|status|stop|version [--config FILE]
  run       hold this host's lease, until it is ended
  status    what the helper that runs says of itself
  stop      end it; with --keep-armed its watchdog waits for the next one`;
const answerMs = 3_000;

const version = () => {
  const own = createHash("sha256")
    .update(readFileSync(process.argv[1] ?? ""))
    .digest("hex");
  return `0.1.0+${own.slice(0, 12)}`;
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { config: { type: "string" }, "keep-armed": { type: "boolean" } },
});
const [command = ""] = positionals;
const config = readConfig(values.config);

async function run(): Promise<void> {
  const log = (words: string) => console.log(`${new Date().toISOString()} ${words}`);
  const helper = new Helper(config, version(), log);
  await helper.listen(config.socket);
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => void helper.end(true).finally(() => process.exit(0)));
  log(`belay-host ${version()} listens at ${config.socket}`);
}

async function main(): Promise<void> {
  switch (command) {
    case "run":
      await run();
      break;
    case "status": {
      const report = await askHelper(config.socket, { kind: "status" }, "report", answerMs);
      console.log(JSON.stringify(report));
      break;
    }
    case "stop": {
      const disarm = values["keep-armed"] !== true;
      console.log((await askHelper(config.socket, { kind: "stop", disarm }, "done", answerMs)).words);
      break;
    }
    case "version":
      console.log(version());
      break;
    default:
      console.error(usage);
      process.exitCode = 2;
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
