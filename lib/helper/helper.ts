import type { Server } from "node:net";
import { sinceBootMs } from "./boot-clock.ts";
import type { HelperConfig } from "./config.ts";
import { echo } from "./echo.ts";
import { guestPids, killGuests } from "./guests.ts";
import { baseOf, bound, type LeaseEvent, newLease, phaseOf, step } from "./lease.ts";
import { Memory } from "./memory.ts";
import { listen, type Peer } from "./socket.ts";
import { Watchdog } from "./watchdog.ts";
import { type Report, type ToHelper, wireVersion } from "./wire.ts";

const tickMs = 250;
const byeWithinMs = 1_000;
const phaseWords = {
  free: "No lease binds this host: its guests run on, whatever happens.",
  held: "Belay grants the lease.",
  kept: "Belay is away, half of the peers or more answer: the guests run on.",
  over: "Alone, and the lease is over: the guests are being stopped.",
  stopped: "Alone, and the lease is over: no guest runs.",
} as const;

/** The helper of one host: carries out what lease.ts decides, and lets the engine take part. */
export class Helper {
  readonly #version: string;
  readonly #log: (words: string) => void;
  readonly #memory: Memory;
  readonly #watchdog: Watchdog;
  readonly #timer: NodeJS.Timeout;
  #lease;
  #server: Server | undefined;
  #engine: Peer | undefined;
  #heardBye: (() => void) | undefined;
  #told = "";
  #killing = false;
  #ended = false;

  constructor(config: HelperConfig, version: string, log: (words: string) => void) {
    this.#version = version;
    this.#log = log;
    this.#memory = new Memory(config);
    this.#watchdog = new Watchdog(config.watchdog, config.watchdogMs);
    const remembered = this.#memory.recall();
    this.#lease = newLease(config.leaseMs, remembered);
    if (remembered !== undefined) log(`a lease bound this host before: ${JSON.stringify(remembered)}`);
    this.#timer = setInterval(() => this.#event({ kind: "tick" }), tickMs);
    this.#event({ kind: "tick" });
  }

  async listen(socket: string): Promise<void> {
    this.#server = await listen(socket, {
      heard: (peer, message) => this.#heard(peer, message),
      left: (peer) => {
        if (this.#engine === peer) this.#engine = undefined;
      },
    });
  }

  /**
   * Ends well: the watchdog is disarmed if no guest runs, or if the engine has heard that the lease proves nothing any more. Otherwise
   * it stays armed: the engine might hold the lease for a proof, while guests run that nobody would stop.
   */
  async end(disarm: boolean): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#timer);
    if (disarm && (!bound(this.#lease) || (await this.#sayBye()) || guestPids().length === 0)) {
      this.#watchdog.disarm();
      this.#memory.forget();
      this.#log("ended; the watchdog is disarmed");
    } else this.#log("ended; the watchdog stays as it is, for the next helper");
    this.#server?.close();
  }

  #sayBye(): Promise<boolean> {
    if (this.#engine === undefined) return Promise.resolve(false);
    this.#engine.say({ kind: "bye", words: "The helper was told to end." });
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), byeWithinMs);
      this.#heardBye = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #report(): Report {
    const found = this.#watchdog.fitFor(this.#lease.leaseMs);
    const binds = bound(this.#lease) && this.#watchdog.armed;
    const phase = phaseOf(this.#lease, sinceBootMs());
    return {
      ...{ kind: "report", wire: wireVersion, version: this.#version, phase },
      leaseMs: binds ? this.#lease.leaseMs : 0,
      watchdog: binds ? found.kind : "none",
      watchdogMs: binds ? found.timeoutMs : null,
      words: `${phaseWords[phase]} ${found.words}`,
    };
  }

  #heard(peer: Peer, message: ToHelper): void {
    switch (message.kind) {
      case "attend":
        if (this.#engine !== peer) this.#engine?.end();
        this.#engine = peer;
        peer.say(this.#report());
        this.#event({ kind: "attended" });
        break;
      case "grant":
        if (peer === this.#engine && !this.#ended) this.#event({ ...message, kind: "granted" });
        break;
      case "heard-bye":
        if (peer === this.#engine) this.#heardBye?.();
        break;
      case "status":
        peer.say(this.#report());
        break;
      case "stop":
        void this.end(message.disarm).then(() => {
          const armed = this.#watchdog.armed;
          peer.say({ kind: "done", ok: true, words: armed ? "Ended; the watchdog stays armed." : "Ended." });
          setTimeout(() => process.exit(0), 50);
        });
        break;
    }
  }

  #event(event: LeaseEvent): void {
    const before = phaseOf(this.#lease, sinceBootMs());
    const leaseMs = event.kind === "granted" ? event.leaseMs : this.#lease.leaseMs;
    const { timeoutMs } = this.#watchdog.fitFor(leaseMs);
    const baseBefore = baseOf(this.#lease);
    const [lease, commands] = step(this.#lease, event, sinceBootMs(), timeoutMs);
    const changed = baseOf(lease) !== baseBefore || lease.lostAt !== this.#lease.lostAt || event.kind === "granted";
    this.#lease = lease;
    // Written down before anything is armed by it: a helper that dies now must not be followed by one that knows nothing.
    if (changed) this.#remember();
    if (!bound(lease) && this.#watchdog.armed) this.#watchdog.disarm();
    for (const command of commands) {
      switch (command.kind) {
        case "ask":
          this.#engine?.say(command);
          break;
        case "ping":
          for (const peer of command.peers) void this.#ping(peer);
          break;
        case "stop-guests":
          void this.#stopGuests();
          break;
        case "feed":
          if (bound(lease) && !this.#watchdog.feed()) this.#log(this.#watchdog.fitFor(leaseMs).words);
          break;
      }
    }
    const phase = phaseOf(lease, sinceBootMs());
    if (phase !== before) this.#log(`${before} → ${phase}: ${phaseWords[phase]}`);
    const report = this.#report();
    const text = JSON.stringify(report);
    if (text !== this.#told) this.#engine?.say(report);
    this.#told = text;
  }

  #remember(): void {
    const { leaseMs, peers, lostAt } = this.#lease;
    const base = lostAt === null ? baseOf(this.#lease) : null;
    this.#memory.keep(bound(this.#lease) ? { leaseMs, peers, base } : undefined);
  }

  async #ping(peer: string): Promise<void> {
    const sentAt = sinceBootMs();
    const answered = await echo(peer, this.#lease.leaseMs / 8);
    if (answered && !this.#ended) this.#event({ kind: "answered", peer, sentAt });
  }

  async #stopGuests(): Promise<void> {
    if (this.#killing) return;
    this.#killing = true;
    const lookedAt = sinceBootMs();
    const empty = await killGuests(this.#lease.leaseMs / 16).catch(() => false);
    this.#killing = false;
    if (empty && !this.#ended) this.#event({ kind: "empty", lookedAt });
  }
}
