import type { Log } from "../engine/ports.ts";
import type { AdvisoryLock } from "../store/index.ts";
import { endsWithin } from "./until.ts";

export interface EngineRole {
  /** Stops the engine, or stops waiting to become it. */
  stop(): Promise<void>;
}

interface Startable {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** An engine that lost its lock and does not stop within this ends its process: another one may be at work already. */
const stopMs = 10_000;
const againMs = 1000;

/**
 * Runs the engine while we hold its lock, so that of all processes on one database exactly one does; the others stand by. `create`
 * makes a fresh engine for each time. `surrender` must end the process.
 */
export function engineRole(options: {
  lock(): AdvisoryLock;
  create(): Startable;
  surrender(words: string): void;
  readonly log: Log;
}): EngineRole {
  const { log } = options;
  const stopping = Promise.withResolvers<"stop">();
  let stopped = false;

  async function serve(lock: AdvisoryLock): Promise<void> {
    const engine = options.create();
    try {
      await engine.start();
      log.info("the engine is at work");
      await Promise.race([lock.lost, stopping.promise]);
      if (!stopped) log.error("the engine's lock is lost: it stops, and begins again when it has the lock");
    } catch (error) {
      log.error("the engine does not start; trying again", { error });
    }
    const ended = await endsWithin(stopMs, "the engine", engine.stop(), log);
    if (!ended && !stopped) options.surrender("An engine without its lock did not stop.");
  }

  async function run(): Promise<void> {
    while (!stopped) {
      const lock = options.lock();
      const hint = setTimeout(
        () => log.info("this engine stands by: another one is at work, or the database is away"),
        againMs,
      );
      const won = await Promise.race([lock.acquired, stopping.promise]);
      clearTimeout(hint);
      if (won !== "stop") await serve(lock);
      await lock.release();
      if (stopped) return;
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, againMs);
      await Promise.race([pause.promise, stopping.promise]);
      clearTimeout(timer);
    }
  }
  const running = run();

  return {
    async stop() {
      stopped = true;
      stopping.resolve("stop");
      await running;
    },
  };
}
