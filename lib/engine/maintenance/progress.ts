import type { Move } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { MigrationProgress } from "../ports.ts";

const writeEveryMs = 500;

/**
 * Turns what the hypervisor says of a migration into what is written of the move: twice a second at most, one write at a time, and a percentage that
 * never falls, for the guest dirties pages while they are copied.
 */
export function progressWriter(
  { clock, log }: Pick<Env, "clock" | "log">,
  begun: Move,
  write: (move: Move) => Promise<void>,
) {
  let latest = begun;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> | undefined;
  return {
    hear({ phase, bytesDone, bytesTotal }: MigrationProgress): void {
      const percent = bytesTotal > 0 ? Math.min(99, Math.floor((100 * bytesDone) / bytesTotal)) : 0;
      latest = { ...latest, phase, bytesDone, bytesTotal, percent: Math.max(latest.percent, percent) };
      if (writing !== undefined || clock.now() < writtenAt + writeEveryMs) return;
      writtenAt = clock.now();
      writing = write(latest)
        .catch((error: unknown) => log.warn("the progress of a move was not written", { error: String(error) }))
        .finally(() => {
          writing = undefined;
        });
    },
    /** The last that was heard, once no write is under way. */
    async end(): Promise<Move> {
      await writing;
      return latest;
    },
  };
}
