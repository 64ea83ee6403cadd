import type { Clock, Log, RepairRunner, Steps, WorkId, WorkProgram } from "../../engine/ports.ts";
import { BelayError, type ErrorCode } from "../../model/index.ts";
import type { Journal } from "./journal.ts";

/** As lib/durable has it: ten tries, after 0.1, 0.2, 0.4, … s; refusals of the store stay refusals and are not tried again. */
const retry = { attempts: 10, firstPauseMs: 100, factor: 2 } as const;
const final: ReadonlySet<ErrorCode> = new Set(["bad-input", "conflict", "not-allowed", "not-found"]);
const isFinal = (error: unknown) => error instanceof BelayError && final.has(error.code);

/** Stands between the runner and each step's effect: proofs do it twice, let it fail, or kill the process there. */
export type Around = <T>(name: string, effect: () => Promise<T>) => Promise<T>;

const forever = () => new Promise<never>(() => undefined);

/**
 * lib/durable without PostgreSQL: programs whose finished steps are in a journal. A new runner on the same journal goes on with
 * what the old one left; the step in flight is done again. A program must name the same steps in the same order each time.
 * One that threw goes on at the step that failed when it is started again.
 */
export function memoryRunner(options: { journal: Journal; clock: Clock; log: Log; around?: Around }): RepairRunner {
  const { journal, clock, log, around = (_, effect) => effect() } = options;
  const running = new Set<WorkId>();
  let program: WorkProgram | undefined;
  let open = false;

  async function effectOf<T>(name: string, effect: () => Promise<T>): Promise<T> {
    for (let attempt = 1, pauseMs: number = retry.firstPauseMs; ; attempt++, pauseMs *= retry.factor) {
      try {
        return await around(name, effect);
      } catch (error) {
        if (isFinal(error) || attempt === retry.attempts) throw error;
        log.warn(`step "${name}" failed and is tried again`, { error: String(error) });
        await clock.sleep(pauseMs);
      }
    }
  }

  async function stepsOf(repair: WorkId): Promise<Steps> {
    const done = await journal.steps(repair);
    let position = 0;
    return {
      async run<T>(name: string, effect: () => Promise<T>): Promise<T> {
        if (!open) return forever(); // closed: the program is parked where it is
        const known = done[position++];
        if (known && known.name !== name)
          throw new Error(`The program of ${repair} came to "${name}" where it had come to "${known.name}" before.`);
        if (known) return JSON.parse(known.result ?? "null");
        const result = await effectOf(name, effect);
        if (!open) return forever();
        await journal.append(repair, { name, result: JSON.stringify(result) ?? null });
        return result;
      },
    };
  }

  async function runOnce(run: WorkProgram, repair: WorkId): Promise<void> {
    try {
      await run(repair, await stepsOf(repair));
      await journal.close(repair);
    } catch (error) {
      if (isFinal(error)) log.warn(`repair ${repair} stopped: ${String(error)}`);
      else log.error(`repair ${repair} broke off; its next start goes on with it`, { error: String(error) });
    } finally {
      running.delete(repair);
    }
  }

  function begin(repair: WorkId): void {
    if (!open || !program || running.has(repair)) return;
    running.add(repair);
    void runOnce(program, repair);
  }

  return {
    register(given) {
      if (program) throw new Error("A runner has one program, and it is registered already.");
      program = given;
    },
    async launch() {
      if (!program) throw new Error("Register the program before the launch.");
      open = true;
      for (const repair of await journal.unfinished()) begin(repair);
    },
    async start(repair) {
      if (!open) throw new Error("The runner is not launched.");
      await journal.open(repair);
      if (!(await journal.isClosed(repair))) begin(repair);
    },
    async close() {
      open = false;
    },
  };
}
