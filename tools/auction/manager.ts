import path from "node:path";
import { type CommandResult, runCommand } from "../kit/command.ts";
import { nodeArguments, projectDir } from "../kit/project.ts";
import type { Staged } from "./stage.ts";

export interface AuctionManager {
  /** Rejects where it ends before the application is up. */
  readonly up: Promise<void>;
  readonly ended: Promise<CommandResult>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

const patienceMs = 10_000;

/** `belay-manager run --up`, as the customer would run it on a computer of their own. Goes on where the last one ended. */
export function startManager(
  { file, stateDir, key, url }: Staged,
  { say, onSpawn }: { say: (line: string) => void; onSpawn?: (pid: number) => void },
): AuctionManager {
  const stopping = new AbortController();
  let wake = () => {};
  const isUp = new Promise<void>((resolve) => {
    wake = resolve;
  });
  let spawned: number | undefined;
  const command = path.join(projectDir, "tools/manager.ts");
  const ended = runCommand(process.execPath, [...nodeArguments, command, "run", file, "--up", "--state", stateDir], {
    env: { BELAY_URL: url, BELAY_KEY: key, INIT_CWD: projectDir },
    signal: stopping.signal,
    patienceMs,
    keepLines: 30,
    onSpawn(pid) {
      spawned = pid;
      onSpawn?.(pid);
    },
    onLine(line) {
      say(line.trimEnd());
      if (/ is up: \d+ servers /.test(line)) wake();
    },
  });
  const tooEarly = ended.then(({ words, output }) => {
    throw new Error(`the manager ended before the application was up (${words}):\n${output}`);
  });
  const up = Promise.race([isUp, tooEarly]);
  up.catch(() => {});
  return {
    up,
    ended,
    async stop() {
      stopping.abort();
      await ended;
    },
    async kill() {
      if (spawned !== undefined) process.kill(spawned, "SIGKILL");
      await ended;
    },
  };
}
