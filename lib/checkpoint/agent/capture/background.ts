import { removeBitmaps } from "../sweep.ts";
import { ahead, NotAhead } from "./ahead.ts";
import { bitmapOf } from "./backup.ts";
import type { CaptureWay, Capturing } from "./method.ts";
import { writeProtected } from "./protected.ts";

/** In milliseconds: on a busy host a copy comes to its end more slowly, and the guest then stands a little longer. */
const stands = [8, 20, 50, 50] as const;

/** While the guest runs on. Where its memory cannot be copied so, it is held back by a write-protection meanwhile. */
export const background: CaptureWay = async (context) => {
  const first = await ahead(context, stands);
  let way: Capturing = first;
  let why = "";
  return {
    hold: async () => {
      try {
        await first.hold();
      } catch (error) {
        if (!(error instanceof NotAhead)) throw error;
        why = `${error.message} So it was held back by a write-protection.`;
        await first.giveUp();
        context.differ.again();
        way = await writeProtected(context, first.begun);
        await way.hold();
      }
    },
    go: () => way.go(),
    finish: async () => {
      const words = await way.finish();
      if (way === first) return words;
      await removeBitmaps(context.monitor, (name) => name === bitmapOf(`${context.asked.checkpoint}-before`));
      return `${words} ${why}`.trim();
    },
    release: () => way.release(),
  };
};

/** Held at the instant that somebody says: for groups. */
export const backgroundAtWill: CaptureWay = (context) => writeProtected(context);
