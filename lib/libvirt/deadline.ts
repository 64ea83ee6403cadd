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
  const timer = setTimeout(() => {
    expired = true;
    controller.abort(new Error(`${timeoutMs} ms are over`));
  }, timeoutMs);
  const follow = () => controller.abort(caller?.reason);
  if (caller?.aborted) follow();
  else caller?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    clear() {
      clearTimeout(timer);
      caller?.removeEventListener("abort", follow);
    },
  };
}
