import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Log, Steps, WorkId, WorkProgram } from "../engine/ports.ts";
import { parseId } from "../model/index.ts";
import type { Gate } from "./gate.ts";
import { isFinal, stepRetries } from "./retry.ts";

/** What runs repairs in this process now. DBOS knows one application per process, so there is one. */
export interface Running {
  readonly program: WorkProgram;
  readonly gate: Gate;
  readonly log: Log;
  /** Set when the runner closes: from then on nothing may be written, neither a result nor a failure. */
  closing: boolean;
}
let running: Running | undefined;

export function setRunning(next: Running | undefined): void {
  running = next;
}

const forever = () => new Promise<never>(() => undefined);

/**
 * The steps of one run. A close in the middle parks the program where it is: to DBOS it was simply cut off, and the next launch goes
 * on with it. Without this, the errors of a server that shuts down would end its repairs.
 */
const stepsOf = (mine: Running): Steps => ({
  async run(name, effect) {
    if (mine.closing) return forever();
    return DBOS.runStep(
      async () => {
        try {
          const result = await effect();
          return mine.closing ? await forever() : result;
        } catch (error) {
          if (mine.closing) return forever();
          if (!isFinal(error)) mine.log.warn(`step "${name}" failed and is tried again`, { error: String(error) });
          throw error;
        }
      },
      { name, ...stepRetries },
    );
  },
});

export const nameOf = (work: WorkId): string =>
  parseId("mnt", work) === undefined ? `repair ${work}` : `maintenance ${work}`;

/** The one workflow that DBOS knows. Registered once, when this file is loaded, as DBOS wants it: before any launch. */
export const repairWorkflow = DBOS.registerWorkflow(
  async (work: WorkId): Promise<void> => {
    const mine = running;
    if (mine === undefined) return forever(); // the runner closed in between
    await mine.gate.run(async () => {
      try {
        await mine.program(work, stepsOf(mine));
      } catch (error) {
        if (mine.closing) return forever();
        if (isFinal(error)) mine.log.warn(`${nameOf(work)} stopped: ${error.message}`);
        else mine.log.error(`${nameOf(work)} broke off; its next start goes on with it`, { error });
        throw error;
      }
    });
  },
  { name: "repair", maxRecoveryAttempts: 1000 },
);
