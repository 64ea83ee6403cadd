import { AgentFailure } from "../failure.ts";
import { ahead, NotAhead } from "./ahead.ts";
import type { CaptureWay } from "./method.ts";

/** Where nothing else is offered, it may stand longer, in milliseconds: still less than for a stop. */
const stands = [20, 50, 100, ...Array.from({ length: 60 }, () => 200)] as const;

/** The memory is copied while the guest runs; one that changes it too fast cannot be captured so. */
export const live: CaptureWay = async (context) => {
  const way = await ahead(context, stands);
  return {
    ...way,
    hold: async () => {
      try {
        await way.hold();
      } catch (error) {
        if (!(error instanceof NotAhead)) throw error;
        await way.giveUp();
        throw new AgentFailure("not-possible", error.message, error.cause);
      }
    },
  };
};
