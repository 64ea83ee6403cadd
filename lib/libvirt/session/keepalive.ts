export interface KeepaliveOptions {
  /** Silence after which a ping is sent, and the wait for its answer. */
  readonly intervalMs: number;
  /** Unanswered pings after which the connection is dead. */
  readonly count: number;
}

/**
 * Finds out that the other side is gone although nothing said so. Any received byte counts as a sign of life; pings go out only
 * in silence. A dead peer is found `intervalMs × (count + 1)` after its last byte.
 */
export class Keepalive {
  readonly #options: KeepaliveOptions;
  readonly #ping: () => void;
  readonly #dead: () => void;
  #timer: NodeJS.Timeout | undefined;
  #lastHeard = performance.now();
  #unanswered = 0;
  #held = false;

  constructor(options: KeepaliveOptions, ping: () => void, dead: () => void) {
    this.#options = options;
    this.#ping = ping;
    this.#dead = dead;
    this.#wait(options.intervalMs);
  }

  heard(): void {
    this.#lastHeard = performance.now();
    this.#unanswered = 0;
  }

  /** While this side does not read on purpose, silence says nothing about the other side. */
  hold(held: boolean): void {
    this.#held = held;
    this.heard();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #wait(delayMs: number): void {
    this.#timer = setTimeout(() => this.#check(), delayMs);
  }

  #check(): void {
    const { intervalMs, count } = this.#options;
    const silentMs = performance.now() - this.#lastHeard;
    if (this.#held) this.#wait(intervalMs);
    else if (this.#unanswered === 0 && silentMs < intervalMs) this.#wait(Math.max(1, intervalMs - silentMs));
    else if (this.#unanswered >= count) this.#dead();
    else {
      this.#unanswered += 1;
      this.#ping();
      this.#wait(intervalMs);
    }
  }
}
