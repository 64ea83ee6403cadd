import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { projectDir } from "../kit/project.ts";

/** The manager under test: a command that the kit starts, kills and starts again. */
export interface Manager {
  start(): void;
  /** kill -9. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Its last lines. */
  output(): string;
  /** Called where it ends and was not killed by the kit. `code` is null where it was killed by somebody else. */
  onEnd: ((code: number | null) => void) | undefined;
}

const keptChars = 4_000;

/** `{state}` and `{port}` in the command are this run's own. */
export function commandManager(
  command: string,
  options: {
    readonly url: string;
    readonly key: string;
    readonly secret: string;
    readonly stateDir: string;
    readonly port: number;
  },
): Manager {
  let child: ChildProcess | undefined;
  let text = "";
  const line = command.replaceAll("{state}", options.stateDir).replaceAll("{port}", String(options.port));
  const keep = (chunk: unknown) => {
    text = (text + String(chunk)).slice(-keptChars);
  };
  const manager: Manager = {
    onEnd: undefined,
    output: () => text,
    start() {
      // A group of its own: `sh` and what it starts are killed together.
      child = spawn("/bin/sh", ["-c", `exec ${line}`], {
        cwd: projectDir,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          ...process.env,
          ...{ BELAY_URL: options.url, BELAY_KEY: options.key, BELAY_WEBHOOK_SECRET: options.secret },
          INIT_CWD: projectDir,
        },
      });
      child.stdout?.on("data", keep);
      child.stderr?.on("data", keep);
      child.on("error", keep);
      const mine = child;
      mine.on("exit", (code) => {
        if (child === mine) manager.onEnd?.(code);
      });
    },
    async kill() {
      const gone = child;
      child = undefined;
      if (gone?.pid === undefined || gone.exitCode !== null || gone.signalCode !== null) return;
      const ended = once(gone, "exit");
      try {
        process.kill(-gone.pid, "SIGKILL");
      } catch {
        return; // it ended in between
      }
      await ended;
    },
  };
  return manager;
}

/** A manager that runs already, behind its endpoint: the kit can only talk to it. */
export const runningManager = (): Manager => ({ start() {}, kill: async () => {}, output: () => "", onEnd: undefined });
