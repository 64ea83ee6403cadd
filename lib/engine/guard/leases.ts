import { leaseIsOver, leaseProves } from "../../decide/index.ts";
import type { EpochMs, HelperReport, HostId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { HelperSignal, LeaseGrant } from "../ports.ts";
import type { Cloud } from "./cloud.ts";
import { type HostFile, mayGrant } from "./host-file.ts";
import { peersToTell } from "./peers.ts";

const troubleMs = 1_000;
/** Lists of peers that a helper may go by; no further one is begun before it says which one it has. */
const listsAtMost = 4;
/** A line that brings nothing for so long is ended: what was told before that has arrived, or never will. */
const arrivesWithinMs = 30_000;
/** A report that says nothing new is written this often. */
const recordEveryMs = 60_000;
/** A helper that went away while its host was heard of for so long after is gone by itself: the end of its lease proves nothing. */
const goneAloneMs = 1_500;

/** `[::1]`, as addresses stand in a URI, is `::1` to ping. */
const addressOf = (uri: string): string =>
  (/^[a-z+]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(uri)?.[1] ?? uri).replace(/^\[(.*)\]$/, "$1");
const sameOnes = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && [...a].sort().join(" ") === [...b].sort().join(" ");
const saysTheSame = (a: HelperReport | null, b: HelperReport) =>
  a !== null &&
  a.version === b.version &&
  a.connected === b.connected &&
  a.leaseMs === b.leaseMs &&
  a.watchdog === b.watchdog &&
  a.watchdogMs === b.watchdogMs;

/** Keeps the helpers connected and grants their leases, but for hosts that are, or may soon be, proven off. */
export class Leases {
  readonly #env: Env;
  readonly #cloud: Cloud;
  readonly #attended = new Map<HostId, { readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(env: Env, cloud: Cloud) {
    this.#env = env;
    this.#cloud = cloud;
  }

  /** Attends the helpers of exactly the enrolled hosts. */
  sync(): void {
    for (const [id, { stop }] of this.#attended) {
      if (this.#cloud.files.has(id)) continue;
      stop.abort();
      this.#attended.delete(id);
    }
    for (const [id, file] of this.#cloud.files) {
      if (this.#attended.has(id)) continue;
      const stop = new AbortController();
      this.#attended.set(id, { stop, ended: this.#attend(file, stop.signal) });
    }
  }

  async stop(): Promise<void> {
    const all = [...this.#attended.values()];
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map((it) => it.ended));
    this.#attended.clear();
  }

  /** undefined where the end of a lease would prove nothing. */
  isOver(file: HostFile): boolean | undefined {
    const { helper } = file.host;
    const { policy } = this.#cloud;
    if (!file.helperKnown || file.toldByOthers || !leaseProves(helper, policy)) return undefined;
    const { lastGrantMs: lastGrantAt, told, unreached } = file;
    return (
      !mayGrant(file) && leaseIsOver({ helper, policy, lastGrantAt, told, unreached }, this.#env.clock.monotonicMs())
    );
  }

  /** Writes down that a helper went away, once it is clear that its host did not go with it. */
  async noteGone(file: HostFile): Promise<void> {
    if (file.helperGoneMs === undefined || !file.everHeard) return;
    if (file.suspicion.lastAt < file.helperGoneMs + goneAloneMs) return;
    await this.forget(file);
  }

  /** The end of its lease, if it has one, will prove nothing. */
  async forget(file: HostFile): Promise<void> {
    const { helper } = file.host;
    file.helperGoneMs = undefined;
    file.helperKnown = false;
    if (helper === null || !helper.connected) return;
    await this.#record(file, { ...helper, connected: false }, this.#env.clock.now());
  }

  async #attend(file: HostFile, signal: AbortSignal): Promise<void> {
    const { helpers, clock, log } = this.#env;
    while (!signal.aborted) {
      try {
        for await (const it of helpers.attend(file.host, (held) => this.#grant(file, held), signal))
          await this.#hear(file, it);
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`the helper of ${file.host.name} is not attended, and is tried again`, { error: String(error) });
      }
      await clock.sleep(troubleMs, signal).catch(() => undefined);
    }
  }

  #grant(file: HostFile, held: readonly string[] | undefined): LeaseGrant | undefined {
    if (!mayGrant(file)) return undefined;
    const { clock, log } = this.#env;
    this.#confirm(file, held);
    const now = clock.monotonicMs();
    const peers = peersToTell(file, this.#cloud.files, now);
    const known = file.told.at(-1);
    if (peers.length > 0 && !sameOnes(peers, known ?? []) && file.host.helper !== null)
      this.#record(file, file.host.helper, clock.now()).catch((error: unknown) =>
        log.warn(`the peers of ${file.host.name} were not written down, and are not told yet`, {
          error: String(error),
        }),
      );
    const told = peers.length === 0 ? [] : this.#addressesOf(known);
    if (told === undefined) return undefined; // they are told once they are written down
    file.lastGrantMs = now;
    return { leaseMs: this.#cloud.policy.leaseMs, peers: told };
  }

  #addressesOf(peers: readonly HostId[] | undefined): string[] | undefined {
    const files = peers?.map((id) => this.#cloud.files.get(id)) ?? [];
    const addresses = files.flatMap((it) => (it === undefined ? [] : [addressOf(it.host.uri)]));
    return peers === undefined || addresses.length < peers.length ? undefined : addresses;
  }

  /** It says by which peers it goes: what was told before these it will not take any more. */
  #confirm(file: HostFile, held: readonly string[] | undefined): void {
    if (held === undefined) return;
    const isHeld = (peers: readonly HostId[]) => sameOnes(this.#addressesOf(peers) ?? [], held);
    file.toldByOthers = held.length > 0 && !file.told.some(isHeld);
    const arrived = this.#env.clock.monotonicMs() - file.toldSinceMs > arrivesWithinMs;
    const at = arrived ? file.told.findLastIndex(isHeld) : file.told.findIndex(isHeld);
    if (at > 0) file.told = file.told.slice(at);
  }

  /**
   * Writes down what a helper says, with the peers that it is told, one report after the other. Only peers that are written down are told:
   * a life after this one must know by whom the helper goes.
   */
  #record(file: HostFile, report: HelperReport, at: EpochMs): Promise<void> {
    const { store, clock } = this.#env;
    const { told: _, ...said } = report;
    const withTold = (told: HostFile["told"]): HelperReport => (told.length === 0 ? said : { ...said, told });
    file.host = { ...file.host, helper: withTold(file.told) };
    const write = async () => {
      const peers = peersToTell(file, this.#cloud.files, clock.monotonicMs());
      const isNew = peers.length > 0 && !sameOnes(peers, file.told.at(-1) ?? []) && file.told.length < listsAtMost;
      const told = isNew ? [...file.told, peers] : file.told;
      await store.recordHelper(file.host.id, withTold(told), at);
      if (!isNew) return;
      file.told = told;
      file.toldSinceMs = clock.monotonicMs();
    };
    const done = file.recording.then(write);
    file.recording = done.catch(() => undefined);
    return done;
  }

  async #hear(file: HostFile, signal: HelperSignal): Promise<void> {
    const { clock } = this.#env;
    if (signal.kind === "gone") {
      file.helperGoneMs = clock.monotonicMs();
      return;
    }
    file.helperGoneMs = undefined;
    file.helperKnown = true;
    const now = clock.monotonicMs();
    if (saysTheSame(file.host.helper, signal.report) && now - file.helperRecordedMs < recordEveryMs) return;
    file.helperRecordedMs = now;
    await this.#record(file, signal.report, signal.at);
  }
}
