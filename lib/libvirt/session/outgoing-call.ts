import { longestTimerMs } from "../deadline.ts";
import { aborted, RpcError } from "../errors.ts";
import type { Procedure } from "../protocol/table.ts";
import type { Outcome, PendingCall, StreamSink } from "../router/router.ts";

export interface OutgoingCallOptions {
  readonly procedure: Procedure;
  readonly serial: number;
  readonly packet: Buffer;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  readonly sink?: StreamSink;
  readonly done: (outcome: Outcome) => void;
  /** An outcome after the one that counted: the answer to a call that was given up. */
  readonly late?: (outcome: Outcome) => void;
  /** Takes the call out of where it waits, before `done` is told. */
  readonly giveUp: () => void;
}

/** A call from its asking to its one outcome: answer, error, deadline or abort, whichever is first. */
export class OutgoingCall implements PendingCall {
  readonly procedure: Procedure;
  readonly serial: number;
  readonly packet: Buffer;
  readonly sink: StreamSink | undefined;
  sent = false;
  readonly #options: OutgoingCallOptions;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;
  #settled = false;

  constructor(options: OutgoingCallOptions) {
    this.#options = options;
    this.procedure = options.procedure;
    this.serial = options.serial;
    this.packet = options.packet;
    this.sink = options.sink;
  }

  /** Starts the deadline and hears the signal; false if that has fired already and the call is over. */
  start(): boolean {
    const { signal, timeoutMs } = this.#options;
    const { name } = this.procedure;
    if (signal?.aborted) {
      this.settle({ ok: false, error: aborted(name, signal) });
      return false;
    }
    if (signal) {
      this.#onAbort = () => this.#stop(aborted(name, signal));
      signal.addEventListener("abort", this.#onAbort, { once: true });
    }
    const late = () => this.#stop(new RpcError("CallTimeout", `${name}: no answer within ${timeoutMs} ms`));
    this.#timer = setTimeout(late, Math.min(timeoutMs, longestTimerMs));
    return true;
  }

  settle(outcome: Outcome): void {
    if (this.#settled) {
      this.#options.late?.(outcome);
      return;
    }
    this.#settled = true;
    clearTimeout(this.#timer);
    if (this.#onAbort) this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#options.done(outcome);
  }

  #stop(error: RpcError): void {
    this.#options.giveUp();
    this.settle({ ok: false, error });
  }
}
