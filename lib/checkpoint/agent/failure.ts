import type { Failure } from "../wire/index.ts";

/** A request that the agent does not carry out. `message` is for everybody, `detail` the provider's: libvirt's or QEMU's own words. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
  readonly failure: Failure;
  readonly detail: string | null;
  constructor(failure: Failure, message: string, cause?: unknown) {
    super(message, { cause });
    this.failure = failure;
    this.detail = cause === undefined ? null : detailOf(cause);
  }
}

export function detailOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).slice(0, 2000);
}

/** What a caller's signal was aborted with, as a failure. */
export function interrupted(signal: AbortSignal): AgentFailure {
  return signal.reason instanceof AgentFailure
    ? signal.reason
    : new AgentFailure("interrupted", "It was called off.", signal.reason);
}
