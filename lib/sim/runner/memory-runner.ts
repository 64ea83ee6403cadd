import type { Clock, Log, RepairProgram, RepairRunner, Steps } from "../../engine/ports.ts";
import type { RepairId } from "../../model/index.ts";
import type { Journal } from "./journal.ts";

/** A step whose effect throws is tried again after these pauses; then the program is given up until its next start. */
const retryAfterMs = [100, 500, 1000, 2000, 5000] as const;

/**
 * lib/durable without PostgreSQL: programs whose finished steps are in a journal. A new runner on the same journal goes on with
 * what the old one left; the step in flight is done again. A program must name the same steps in the same order each time.
 */
export function memoryRunner(options: { journal: Journal; clock: Clock; log: Log }): RepairRunner {
  const { journal, clock, log } = options;
  const running = new Map<RepairId, Promise<void>>();
  let program: RepairProgram | undefined;
  let open = false;

  async function effectOf<T>(name: string, effect: () => Promise<T>): Promise<T> {
    for (const pauseMs of retryAfterMs) {
      try {
        return await effect();
      } catch (error) {
        log.warn(`step "${name}" failed and is tried again`, { error: String(error), inMs: pauseMs });
        await clock.sleep(pauseMs);
      }
    }
    return effect();
  }

  async function stepsOf(repair: RepairId): Promise<Steps> {
    const done = await journal.steps(repair);
    let position = 0;
    return {
      async run<T>(name: string, effect: () => Promise<T>): Promise<T> {
        const known = done[position++];
        if (known && known.name !== name)
          throw new Error(`The program of ${repair} came to "${name}" where it had come to "${known.name}" before.`);
        if (known) return JSON.parse(known.result ?? "null");
        const result = await effectOf(name, effect);
        await journal.append(repair, { name, result: JSON.stringify(result) ?? null });
        return result;
      },
    };
  }

  async function runOnce(run: RepairProgram, repair: RepairId): Promise<void> {
    try {
      await run(repair, await stepsOf(repair));
      await journal.close(repair);
    } catch (error) {
      log.error(`repair ${repair} broke off; its next start goes on with it`, { error: String(error) });
    } finally {
      running.delete(repair);
    }
  }

  function begin(repair: RepairId): void {
    if (!open || !program || running.has(repair)) return;
    running.set(repair, runOnce(program, repair));
  }

  return {
    register(given) {
      if (program) throw new Error("A runner has one program: register was called twice.");
      program = given;
    },
    async launch() {
      if (!program) throw new Error("Register the program before launch.");
      open = true;
      for (const repair of await journal.unfinished()) begin(repair);
    },
    async start(repair) {
      if (!open) throw new Error("The runner is not launched, or is closed.");
      await journal.open(repair);
      if (!(await journal.isClosed(repair))) begin(repair);
    },
    async close() {
      open = false;
    },
  };
}
