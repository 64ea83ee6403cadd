import { type ConnectOptions, connect } from "./connect.ts";
import type { Connection } from "./connection.ts";
import { deadline } from "./deadline.ts";
import { aborted, isRpcError, messageOf, RpcError } from "./errors.ts";
import { LibvirtError } from "./libvirt-error.ts";

export type LinkState =
  | { readonly state: "connecting" }
  | { readonly state: "open"; readonly connection: Connection }
  /** `nextAttemptAt` in milliseconds since 1970. */
  | { readonly state: "waiting"; readonly nextAttemptAt: number; readonly lastError: RpcError | LibvirtError }
  | { readonly state: "closed" };

export interface Backoff {
  /** Before the second attempt. Default 250 ms. */
  readonly initialMs: number;
  /** Never longer than this. Default 10 s. */
  readonly maxMs: number;
}

export interface SuperviseOptions extends Omit<ConnectOptions, "signal"> {
  readonly backoff?: Backoff;
  /** For tests: where the jitter comes from, 0 … 1. */
  readonly random?: () => number;
}

/** The wait before attempt number `failures + 1`: doubled each time, capped, and up to a half of it taken off by chance. */
export function backoffMs({ initialMs, maxMs }: Backoff, failures: number, random: number): number {
  const full = Math.min(maxMs, initialMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (1 - random / 2));
}

/** A daemon will not think better of these by itself: tried again only at the longest interval. */
const stubborn = ["HostKeyMismatch", "AuthRefused", "AuthUnsupported"] as const;

/**
 * Keeps a connection to one daemon, with a new one after each loss. What hangs on a connection (subscriptions, calls under way)
 * ends with it and is its user's to begin again: listen to `states()` and do it at each "open".
 */
export class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #state: LinkState = { state: "connecting" };
  #changed = Promise.withResolvers<void>();
  #skipWait: (() => void) | undefined;

  constructor(options: SuperviseOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The state now and each later one until "closed". A slow reader misses states in between, never the newest. */
  async *states(): AsyncGenerator<LinkState, void> {
    let told: LinkState | undefined;
    while (told?.state !== "closed") {
      const changed = this.#changed.promise;
      if (told === this.#state) await changed;
      told = this.#state;
      yield told;
    }
  }

  /** The open connection, waiting for it no longer than `timeoutMs`; then throws the error of the last attempt. */
  async connection(options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<Connection> {
    const limit = deadline(options.timeoutMs, options.signal);
    const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
    limit.signal.addEventListener("abort", () => stop(), { once: true });
    try {
      for (;;) {
        const { state } = this;
        if (state.state === "open" && !state.connection.closedBy) return state.connection;
        const { target } = this.#options.dialer;
        if (state.state === "closed") throw new RpcError("ConnectionClosed", `${target}: closed by this side`);
        if (limit.expired) {
          const cause = state.state === "waiting" ? state.lastError : undefined;
          const why = cause ? `: ${cause.message}` : "";
          throw new RpcError("CallTimeout", `${target}: not connected after ${options.timeoutMs} ms${why}`, { cause });
        }
        if (limit.signal.aborted) throw aborted(target, limit.signal);
        await Promise.race([this.#changed.promise, stopped]);
      }
    } finally {
      limit.clear();
    }
  }

  /** Tries now instead of waiting for the next attempt. */
  retryNow(): void {
    this.#skipWait?.();
  }

  /** Closes the connection and stops trying. May be called again. */
  async close(): Promise<void> {
    this.#end.abort(new Error("closed by this side"));
    await this.#done;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    const { backoff = { initialMs: 250, maxMs: 10_000 }, random = Math.random, ...options } = this.#options;
    const { signal } = this.#end;
    let failures = 0;
    while (!signal.aborted) {
      this.#become({ state: "connecting" });
      let error: RpcError | LibvirtError;
      const begun = performance.now();
      try {
        const connection = await connect({ ...options, signal });
        const closeIt = () => void connection.close();
        if (signal.aborted) closeIt();
        else signal.addEventListener("abort", closeIt, { once: true });
        this.#become({ state: "open", connection });
        error = await connection.closed;
        signal.removeEventListener("abort", closeIt);
      } catch (caught) {
        error =
          isRpcError(caught) || caught instanceof LibvirtError
            ? caught
            : new RpcError("DialFailed", messageOf(caught), { cause: caught });
      }
      if (signal.aborted) break;
      // One that held for a while begins anew; one that is lost at once counts on, so that it is not dialled in a tight circle.
      failures = performance.now() - begun > backoff.maxMs ? 1 : failures + 1;
      const delayMs = isRpcError(error, ...stubborn) ? backoff.maxMs : backoffMs(backoff, failures, random());
      this.#become({ state: "waiting", nextAttemptAt: Date.now() + delayMs, lastError: error });
      await this.#wait(delayMs);
    }
    this.#become({ state: "closed" });
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#end.signal.removeEventListener("abort", go);
        this.#skipWait = undefined;
        resolve();
      };
      const timer = setTimeout(go, delayMs);
      this.#skipWait = go;
      this.#end.signal.addEventListener("abort", go, { once: true });
    });
  }

  #become(state: LinkState): void {
    this.#state = state;
    const changed = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    changed.resolve();
  }
}

export function supervise(options: SuperviseOptions): Supervisor {
  return new Supervisor(options);
}
