import type { EpochMs } from "../model/index.ts";
import type { Clock } from "./ports.ts";

export interface Heard {
  readonly said: readonly string[];
  readonly since: EpochMs;
  /** The same on the clock that is never set. */
  readonly sinceMs: number;
}

export interface Batch {
  readonly domains: ReadonlyMap<string, Heard>;
  /** To be looked at though nothing was said of them. */
  readonly asked: ReadonlySet<string>;
  /** Read everything: a scan is due, or more came than the inbox holds. */
  readonly scan: boolean;
}

const wordsKept = 8;
/** Why a wait ended early. A reason of our own spares making an exception with its stack each time. */
const woken = "something came";
const noDomains: ReadonlyMap<string, Heard> = new Map();
const nobody: ReadonlySet<string> = new Set();
const ended = () => undefined;

/**
 * What a host's events said and nobody has looked at yet. Bounded: events about one domain share a place, and when the
 * places run out they are all given up for one scan, which sees the same truth.
 */
export class Inbox {
  readonly #clock: Clock;
  readonly #places: number;
  #domains = new Map<string, { said: string[]; since: EpochMs; sinceMs: number }>();
  #asked = new Set<string>();
  #scan = false;
  #waits = false;
  /** The same for every wait that nothing ended early, as nearly all are: a new one lives just long enough to become old garbage. */
  #wake = new AbortController();
  #wokenBy: AbortSignal | undefined;

  constructor(clock: Clock, places = 1024) {
    this.#clock = clock;
    this.#places = places;
  }

  /** An event about a domain came at `at`. */
  hear(uuid: string, what: string, at: EpochMs): void {
    const known = this.#domains.get(uuid);
    if (known !== undefined) {
      if (known.said.length < wordsKept) known.said.push(what);
    } else if (this.#domains.size < this.#places) {
      this.#domains.set(uuid, { said: [what], since: at, sinceMs: this.#clock.monotonicMs() });
    } else {
      this.#domains.clear();
      this.#scan = true;
    }
    this.#wakeUp();
  }

  /** Somebody wants this domain looked at, and no event came. */
  ask(uuid: string): void {
    if (this.#asked.size < this.#places) this.#asked.add(uuid);
    else this.#scan = true;
    this.#wakeUp();
  }

  askScan(): void {
    this.#scan = true;
    this.#wakeUp();
  }

  #wakeUp(): void {
    if (this.#waits) this.#wake.abort(woken);
  }

  /** Waits until there is something, at most until `untilMs` of the clock that is never set; an empty batch then. Rejects when `signal` aborts. */
  async take(untilMs: number, signal: AbortSignal): Promise<Batch> {
    signal.throwIfAborted();
    if (this.#domains.size === 0 && this.#asked.size === 0 && !this.#scan) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      this.#wakeOn(signal);
      this.#waits = true;
      await this.#clock.sleep(Math.max(0, untilMs - this.#clock.monotonicMs()), this.#wake.signal).catch(ended);
      this.#waits = false;
      signal.throwIfAborted();
    }
    const batch = { domains: noDomains, asked: nobody, scan: this.#scan };
    if (this.#domains.size > 0) {
      batch.domains = this.#domains;
      this.#domains = new Map();
    }
    if (this.#asked.size > 0) {
      batch.asked = this.#asked;
      this.#asked = new Set();
    }
    this.#scan = false;
    return batch;
  }

  /** Once for all waits: AbortSignal.any, or a listener of each wait, costs more than all the rest of it, and a host waits several times a second. */
  #wakeOn(signal: AbortSignal): void {
    if (this.#wokenBy === signal) return;
    this.#wokenBy = signal;
    signal.addEventListener("abort", () => this.#wakeUp(), { once: true });
  }
}
