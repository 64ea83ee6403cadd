/** The longest that a timer can wait; longer ones would fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** A signal that fires with the caller's, or after a time. `clear` stops the clock when the work is done. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** The time was up, not the caller's patience. */
  readonly expired: boolean;
  clear(): void;
}

export function deadline(timeoutMs: number, caller?: AbortSignal): Deadline {
  const controller = new AbortController();
  let expired = false;
  const timer = setTimeout(
    () => {
      expired = true;
      controller.abort(new Error(`${timeoutMs} ms are over`));
    },
    Math.min(timeoutMs, longestTimerMs),
  );
  const unfollow = caller ? whenAborted(caller, () => controller.abort(caller.reason)) : () => {};
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    clear() {
      clearTimeout(timer);
      unfollow();
    },
  };
}

/** Calls `action` when the signal fires, at once if it has fired already; returns how to take that back. */
export function whenAborted(signal: AbortSignal, action: () => void): () => void {
  if (signal.aborted) {
    action();
    return () => {};
  }
  signal.addEventListener("abort", action, { once: true });
  return () => signal.removeEventListener("abort", action);
}
