import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, statSync, writeSync } from "node:fs";
import path from "node:path";
import { longestWatchdogMs } from "./lease.ts";

/**
 * The kernel's watchdog: its first byte arms it, and without further ones it resets the host. Who closes it without a V leaves it
 * armed, so that a helper that dies takes the host with it.
 */

export type WatchdogKind = "hardware" | "software" | "none";

interface Found {
  readonly kind: WatchdogKind;
  readonly timeoutMs: number | null;
  readonly words: string;
}
const none = (words: string): Found => ({ kind: "none", timeoutMs: null, words });

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1").trim();
  } catch {
    return undefined;
  }
}

export class Watchdog {
  readonly #device: string;
  readonly #knownMs: number | undefined;
  #found: Found = none("Not looked at yet.");
  #fitsLeaseMs: number | undefined;
  #open: number | undefined;

  /** `knownMs`: how long it waits, where it does not say so itself. */
  constructor(device: string, knownMs: number | undefined) {
    this.#device = device;
    this.#knownMs = knownMs;
  }

  get armed(): boolean {
    return this.#open !== undefined;
  }

  /** What can be relied on under this lease; sets the device's time where it is too long for it. Looks anew for each other lease. */
  fitFor(leaseMs: number): Found {
    if (this.#fitsLeaseMs === leaseMs) return this.#found;
    this.#fitsLeaseMs = leaseMs;
    this.#found = this.#look(leaseMs);
    return this.#found;
  }

  /** Arms it at the first time. False when it cannot be: somebody else holds it. */
  feed(): boolean {
    try {
      this.#open ??= openSync(this.#device, constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(this.#open, "\0");
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return true;
      this.#found = none(`${this.#device} cannot be used: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  }

  /** The magic close. A kernel told `nowayout` stays armed all the same. */
  disarm(): void {
    if (this.#open === undefined) return;
    try {
      writeSync(this.#open, "V");
    } finally {
      closeSync(this.#open);
      this.#open = undefined;
    }
  }

  #timeoutMs(): number | undefined {
    const places = [`/sys/class/watchdog/${this.#number()}/timeout`, "/run/watchdog-timeout"];
    const seconds = places.map(textOf).find((text) => text !== undefined && /^\d+$/.test(text));
    return seconds === undefined ? this.#knownMs : Number(seconds) * 1000;
  }

  #number(): string {
    const name = path.basename(this.#device);
    return name === "watchdog" ? "watchdog0" : name;
  }

  #look(leaseMs: number): Found {
    const device = this.#device;
    if (device === "none") return none("No watchdog is to be used.");
    let settable: boolean;
    try {
      settable = statSync(device).isCharacterDevice();
    } catch {
      return none(
        `There is no ${device}. Without a watchdog a lease proves nothing: load the board's driver, or softdog.`,
      );
    }
    const longestMs = longestWatchdogMs(leaseMs);
    let timeoutMs = this.#timeoutMs();
    if (settable && !this.armed && (timeoutMs === undefined || timeoutMs > longestMs)) {
      spawnSync("wdctl", ["-s", String(Math.max(1, Math.floor(longestMs / 1000))), device], { timeout: 3_000 });
      timeoutMs = this.#timeoutMs();
    }
    if (timeoutMs === undefined)
      return none(`How long ${device} waits is not known. Write watchdogMs into the configuration.`);
    if (timeoutMs > longestMs)
      return none(
        `${device} waits ${timeoutMs} ms, which is too long for a lease of ${leaseMs} ms: at most ${longestMs} ms.`,
      );
    const software = /software/i.test(textOf(`/sys/class/watchdog/${this.#number()}/identity`) ?? "");
    return {
      kind: software ? "software" : "hardware",
      timeoutMs,
      words: `${device} resets the host ${timeoutMs} ms after its last feeding.`,
    };
  }
}
