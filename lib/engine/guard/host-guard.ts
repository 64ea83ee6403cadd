import { diagnoseHosts, type HostObservation } from "../../decide/index.ts";
import type { Host, HostId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { Witness } from "../repair/fence.ts";
import { Answers } from "./answers.ts";
import { Cloud } from "./cloud.ts";
import { type HostFile, hear, isSteady } from "./host-file.ts";
import { Leases } from "./leases.ts";
import { Questions } from "./questions.ts";
import { beatEveryMs, Standstill } from "./standstill.ts";
import { Switches } from "./switches.ts";

const readEveryMs = 5_000;
/** Health is written when it has been so for this long: a flicker is nobody's news. Red is written at once. */
const healthSteadyMs = 500;

/**
 * Watches over all hosts together: who is heard of, what their peers say, who holds a lease, whose power switch answers; opens and ends
 * the hosts' incidents. Decisions are lib/decide's; what it begins is written in the store first, so that a new engine goes on with it.
 */
export class HostGuard implements Witness {
  readonly #env: Env;
  readonly #options: EngineOptions;
  readonly #cloud: Cloud;
  readonly #questions: Questions;
  readonly #leases: Leases;
  readonly #switches: Switches;
  readonly #answers: Answers;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #ended: Promise<unknown> = Promise.resolve();
  readonly #untold = new Map<HostId, Host["health"]>();
  #telling: Promise<void> | undefined;
  #readAtMs = 0;
  #standstill: Standstill;
  #lastLookMs: number;

  constructor(
    env: Env,
    options: EngineOptions,
    tell: {
      /** Repairs were planned. */
      readonly nudge: () => void;
      /** The host's standing changed. */
      readonly standsAnew: (host: Host) => void;
    },
  ) {
    this.#env = env;
    this.#options = options;
    this.#cloud = new Cloud(env, tell.standsAnew);
    this.#questions = new Questions(env, options, () => this.#wake.abort());
    this.#leases = new Leases(env, this.#cloud);
    this.#switches = new Switches(env, this.#cloud);
    this.#answers = new Answers(env, this.#cloud, this.#leases, tell.nudge);
    this.#lastLookMs = env.clock.monotonicMs();
    this.#standstill = new Standstill(this.#lastLookMs);
  }

  start(): void {
    this.#standstill = new Standstill(this.#env.clock.monotonicMs());
    this.#ended = Promise.all([this.#beat(), this.#watch(), this.#keep()]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#ended;
    await this.#leases.stop();
    await this.#answers.settled();
    await this.#telling;
  }

  /** People changed something, or answered. */
  reload(): void {
    this.#readAtMs = 0;
    this.#wake.abort();
  }

  isWell(host: HostId): boolean {
    const file = this.#cloud.files.get(host);
    return file !== undefined && isSteady(file, this.#env.clock.monotonicMs());
  }

  isDead(host: HostId): boolean {
    return this.#cloud.files.get(host)?.dead ?? false;
  }

  stopGrants(host: HostId): void {
    const file = this.#cloud.files.get(host);
    if (file !== undefined) file.grantsStopped = true;
  }

  leaseIsOver(host: HostId): boolean | undefined {
    const file = this.#cloud.files.get(host);
    return file === undefined ? undefined : this.#leases.isOver(file);
  }

  saidOff(host: HostId) {
    return this.#cloud.files.get(host)?.saidOff;
  }

  /** The quick loop: who is heard of, and what follows. */
  async #watch(): Promise<void> {
    const { clock, log } = this.#env;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (this.#readAtMs === 0 || clock.monotonicMs() - this.#readAtMs >= readEveryMs) await this.read();
        await this.#look();
      } catch (error) {
        if (!signal.aborted) log.error("the guard of the hosts failed and goes on", { error: String(error) });
      }
      this.#wake = new AbortController();
      if (!signal.aborted) await clock.sleep(this.#options.guardEveryMs, this.#wake.signal).catch(() => undefined);
    }
  }

  /** Beats for itself, whatever the watch waits for: a beat that is missing says that the whole process stood still. */
  async #beat(): Promise<void> {
    const { clock } = this.#env;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#noteStandstill();
      this.#standstill.beat(clock.monotonicMs());
      await clock.sleep(beatEveryMs, signal).catch(() => undefined);
    }
  }

  /** Also right before hosts are judged: the watch may go on before the late beat does. */
  #noteStandstill(): void {
    const { clock, log } = this.#env;
    const overMs = this.#standstill.look(clock.monotonicMs());
    if (overMs === undefined) return;
    log.warn(`the engine stood still for ${Math.round(overMs / 1000)} s: no host is judged by that time`);
  }

  /** The slow loop: power switches. A test may take long, and must not hold up the watch. */
  async #keep(): Promise<void> {
    const { clock, log } = this.#env;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        if (await this.#switches.testDue()) await this.#cloud.read();
        if (this.#cloud.files.size > 0) await this.#switches.recordProtection();
      } catch (error) {
        if (!signal.aborted) log.error("the test of the power switches failed and goes on", { error: String(error) });
      }
      await clock.sleep(1_000, signal).catch(() => undefined);
    }
  }

  async read(): Promise<void> {
    this.#readAtMs = Math.max(1, this.#env.clock.monotonicMs());
    await this.#cloud.read();
    this.#leases.sync();
  }

  async #look(): Promise<void> {
    const { clock, hypervisor } = this.#env;
    const { files } = this.#cloud;
    const now = clock.monotonicMs();
    const wall = clock.now();
    const sinceMs = Math.max(this.#options.guardEveryMs, now - this.#lastLookMs);
    this.#lastLookMs = now;
    const observations: HostObservation[] = [];
    const suspects: HostFile[] = [];
    for (const file of files.values()) {
      const silence = hear(file, hypervisor.heardAt(file.host.id), wall, now, sinceMs);
      const { id, name, standing } = file.host;
      const { everHeard, rounds, ssh } = file;
      observations.push({ id, name, standing, silence, everHeard, rounds, ssh });
      if (silence.health !== "green" && standing !== "fenced") suspects.push(file);
      const write = this.#healthToWrite(file, silence.health, now);
      if (write !== undefined) this.#tellHealth(file, write);
      if (file.helperGoneMs !== undefined) await this.#leases.noteGone(file);
    }
    this.#noteStandstill();
    if (!this.#standstill.mayJudge(now)) {
      for (const file of files.values()) file.dead = false;
      return;
    }
    this.#questions.askAbout(suspects, files);
    this.#answers.answer(diagnoseHosts(observations, now));
  }

  #healthToWrite(file: HostFile, health: Host["health"], now: number): Host["health"] | undefined {
    if (!file.everHeard && health === "green") return undefined; // nothing is known of it yet
    if (health === file.host.health) {
      file.otherHealthSinceMs = undefined;
      return undefined;
    }
    file.otherHealthSinceMs ??= now;
    return health === "red" || now - file.otherHealthSinceMs >= healthSteadyMs ? health : undefined;
  }

  /** Written one after the other beside the watch: when many hosts fall silent at once, the watch must not wait for the store. */
  #tellHealth(file: HostFile, health: Host["health"]): void {
    file.otherHealthSinceMs = undefined;
    file.host = { ...file.host, health };
    this.#untold.set(file.host.id, health);
    this.#telling ??= this.#tell().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tell(): Promise<void> {
    const { store, clock, log } = this.#env;
    for (const [id, health] of this.#untold) {
      this.#untold.delete(id);
      await store.recordHealth(id, health, clock.now()).catch((error: unknown) => {
        log.warn("the health of a host was not written down; it is when it is next read", { error: String(error) });
      });
    }
  }
}
