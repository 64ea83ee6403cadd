import type { z } from "zod";
import type { customerView } from "../../contract/index.ts";
import type { Input, Job, Phase } from "../decide/index.ts";
import { type Log, ManagerError, type Problem } from "../servers.ts";

type CustomerView = z.infer<typeof customerView>;
type Finish = Extract<Job, { is: "finish" }>;
type Act = Extract<Job, { is: "act" }>;

/** Who does the work. Each may be called off at any time and begun again, also by the next run of the manager. */
export interface Workers {
  /** The customer's part of a repair. Resolves with words for both parties. */
  finish(
    job: Finish,
    report: (phase: Phase, percent: number, words: string) => void,
    signal: AbortSignal,
  ): Promise<string>;
  look(vm: string, signal: AbortSignal): Promise<CustomerView>;
  /** `say`: how it goes on, for the log and for who waits for it. */
  act(action: Act["action"], signal: AbortSignal, say: Log): Promise<void>;
}

export const sayError = (error: unknown): string => {
  if (!(error instanceof ManagerError)) return error instanceof Error ? error.message : String(error);
  const output = error.output?.trim().split("\n").slice(-5).join("\n");
  return [error.message, error.cure, output].filter((part) => part !== undefined && part !== "").join(" ");
};

/** As data, so that it can be told to a person elsewhere. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof ManagerError)) return { code: "failed", message: sayError(error) };
  const { code, message, cure, output, vms } = error;
  const more = { ...(output !== undefined && { output }), ...(vms !== undefined && { vms }) };
  return { code, message, ...(cure !== undefined && { cure }), ...more };
}

/** Figures are said once a second at most; a phase at once. */
const figureEveryMs = 1_000;

export function createJobs(options: {
  readonly wanted: () => readonly Job[];
  readonly workers: Workers;
  readonly feed: (input: Input) => void;
  readonly log: Log;
  /** How an action goes on, for a person who waits for it. */
  readonly say: (key: string, words: string) => void;
}) {
  const { wanted, workers, feed, log, say } = options;
  const running = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>();
  let closed = false;

  async function finish(job: Finish, signal: AbortSignal): Promise<void> {
    const { repair, run } = job;
    let last: { phase: Phase; at: number } | undefined;
    log(`The provider has brought ${job.vm} back: its servers are finished by this manager.`);
    try {
      const words = await workers.finish(
        job,
        (phase, percent, phaseWords) => {
          if (signal.aborted) return;
          const at = performance.now();
          if (last?.phase === phase && at - last.at < figureEveryMs) return;
          last = { phase, at };
          feed({ is: "progress", repair, run, phase, percent, words: phaseWords });
        },
        signal,
      );
      if (signal.aborted) return;
      log(`${job.vm}: ${words}`);
      feed({ is: "finished", repair, run, ok: true, words });
    } catch (error) {
      if (signal.aborted) return;
      log(`${job.vm} could not be finished: ${sayError(error)}`);
      feed({ is: "finished", repair, run, ok: false, words: sayError(error) });
    }
  }

  async function look({ vm, question }: Extract<Job, { is: "look" }>, signal: AbortSignal): Promise<void> {
    const view = await workers
      .look(vm, signal)
      .catch((): CustomerView => ({ reached: "unknown", processes: "unknown", service: "unknown" }));
    if (!signal.aborted) feed({ is: "looked", question, view });
  }

  async function act({ action, key }: Act, signal: AbortSignal): Promise<void> {
    const what = `${action.technique} of ${action.server ?? action.vms.join(", ")}`;
    log(`Begins: ${what}.`);
    let problem: Problem | null = null;
    try {
      await workers.act(action, signal, (words) => {
        log(words);
        say(key, words);
      });
      if (!signal.aborted) log(`Done: ${what}.`);
    } catch (error) {
      problem = problemOf(error);
      if (!signal.aborted) log(`Failed: ${what}: ${sayError(error)}`);
    }
    if (!signal.aborted) feed({ is: "action-ended", key, problem });
  }

  const work = (job: Job, signal: AbortSignal): Promise<void> =>
    job.is === "finish" ? finish(job, signal) : job.is === "look" ? look(job, signal) : act(job, signal);

  function sync(): void {
    if (closed) return;
    const jobs = wanted();
    const keys = new Set(jobs.map(({ key }) => key));
    for (const [key, { stop }] of running) if (!keys.has(key)) stop.abort(new Error("called off"));
    for (const job of jobs) {
      const before = running.get(job.key);
      // One that is being called off ends first: two of one doing must not run.
      if (before !== undefined) continue;
      const stop = new AbortController();
      const ended = work(job, stop.signal).finally(() => {
        running.delete(job.key);
        if (stop.signal.aborted) sync();
      });
      running.set(job.key, { stop, ended });
    }
  }

  return {
    sync,
    async close(): Promise<void> {
      closed = true;
      const all = [...running.values()];
      for (const { stop } of all) stop.abort(new Error("the manager ends"));
      await Promise.allSettled(all.map(({ ended }) => ended));
    },
  };
}
