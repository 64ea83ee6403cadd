import type { Board } from "../kit/board.ts";
import { explain } from "../kit/failure.ts";
import { failed, type Tally } from "./tally.ts";

/** One part of the tests as a phase that people see: what it came to, and a mark that is right where something failed. Never throws. */
export async function runPart(
  board: Board,
  name: string,
  work: (say: (detail: string) => void) => Promise<Tally>,
): Promise<Tally> {
  let tally: Tally | undefined;
  try {
    await board.phase(name, async (say) => {
      tally = await work(say);
      if (tally.failed > 0) throw new Error(`${tally.failed} failed`); // for the phase's mark
      return `${tally.passed} passed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ""}`;
    });
  } catch (error) {
    tally ??= failed(name, explain(error));
  }
  return tally ?? failed(name, "It said nothing.");
}
