import { removeBitmaps } from "../sweep.ts";
import { ahead, NotAhead } from "./ahead.ts";
import { bitmapOf } from "./backup.ts";
import type { CaptureWay, Capturing } from "./method.ts";
import { writeProtected } from "./protected.ts";

/** The memory's copy may stand for so long at its end, as QEMU reckons it before. */
const standsMs = 20;
const mostPasses = 8;

/** While the guest runs on. Where its memory cannot be copied so, it is held back by a write-protection meanwhile. */
export const background: CaptureWay = async (context) => {
  const first = await ahead(context, { standsMs, mostPasses });
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
        way = await writeProtected(context, first.backups);
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
