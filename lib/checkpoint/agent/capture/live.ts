import { AgentFailure } from "../failure.ts";
import { ahead, NotAhead } from "./ahead.ts";
import type { CaptureWay } from "./method.ts";

/** Where nothing else is offered, it may stand longer: still less than for a stop. */
const standsMs = 200;
const mostPasses = 60;

/** The memory is copied while the guest runs; one that changes it too fast cannot be captured so. */
export const live: CaptureWay = async (context) => {
  const way = await ahead(context, { standsMs, mostPasses });
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
