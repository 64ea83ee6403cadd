import { useEffect, useRef } from "react";
import { keepCheckpoint } from "../../lib/client/index.ts";
import type { CheckpointView } from "../../lib/contract/index.ts";

/**
 * While a person reads a dialog about a checkpoint, newer ones come and older ones are dropped: at an interval of a second the one that was
 * chosen would be gone before it could be confirmed. So it is kept from then on, and let go when the dialog is left or what was asked
 * for is done; one that could not be kept is refused later, in words. What a person keeps anyway is left as it is.
 */
export function useHold() {
  const held = useRef<() => void>(() => {});
  useEffect(() => () => held.current(), []);
  return {
    /** Answers how to let it go; twice is once. */
    hold({ id, kept }: CheckpointView): () => void {
      if (kept) return () => {};
      const keeping = keepCheckpoint(id, true);
      let isHeld = true;
      const letGo = () => {
        if (!isHeld) return;
        isHeld = false;
        void keeping.then((answer) => (answer.ok ? keepCheckpoint(id, false) : undefined));
      };
      held.current = letGo;
      return letGo;
    },
    /** What was asked for goes on without the page: it is not let go when the page is left. */
    passOn: () => {
      held.current = () => {};
    },
  };
}
