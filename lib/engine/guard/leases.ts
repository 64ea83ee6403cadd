import { leaseIsOver, leaseProves } from "../../decide/index.ts";
import type { HelperReport, HostId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import type { HelperSignal, LeaseGrant } from "../ports.ts";
import type { Cloud } from "./cloud.ts";
import type { HostFile } from "./host-file.ts";

const troubleMs = 1_000;
const peersTold = 5;
/** A report that says nothing new is written this often. */
const recordEveryMs = 60_000;
/** A helper that went away while its host was heard of for so long after is gone by itself: the end of its lease proves nothing. */
const goneAloneMs = 1_500;

const addressOf = (uri: string): string => /^[a-z+]+:\/\/(?:[^@/]*@)?(\[[^\]]+\]|[^:/]+)/.exec(uri)?.[1] ?? uri;
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
    if (!file.helperKnown || !leaseProves(helper, policy)) return undefined;
    const question = { helper, policy, lastGrantAt: file.lastGrantMs, alone: file.alone };
    return file.grantsStopped && leaseIsOver(question, this.#env.clock.monotonicMs());
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
    const gone = { ...helper, connected: false };
    file.host = { ...file.host, helper: gone };
    await this.#env.store.recordHelper(file.host.id, gone, this.#env.clock.now());
  }

  async #attend(file: HostFile, signal: AbortSignal): Promise<void> {
    const { helpers, clock, log } = this.#env;
    while (!signal.aborted) {
      try {
        for await (const it of helpers.attend(file.host, () => this.#grant(file), signal)) await this.#hear(file, it);
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`the helper of ${file.host.name} is not attended, and is tried again`, { error: String(error) });
      }
      await clock.sleep(troubleMs, signal).catch(() => undefined);
    }
  }

  #grant(file: HostFile): LeaseGrant | undefined {
    const { standing, id } = file.host;
    if (file.grantsStopped || standing === "fencing" || standing === "fenced") return undefined;
    file.lastGrantMs = this.#env.clock.monotonicMs();
    const peers: string[] = [];
    for (const other of this.#cloud.files.values()) {
      if (peers.length === peersTold) break;
      if (other.host.id !== id && other.greenSinceMs !== undefined) peers.push(addressOf(other.host.uri));
    }
    return { leaseMs: this.#cloud.policy.leaseMs, peers };
  }

  async #hear(file: HostFile, signal: HelperSignal): Promise<void> {
    const { store, clock } = this.#env;
    if (signal.kind === "gone") {
      file.helperGoneMs = clock.monotonicMs();
      return;
    }
    file.helperGoneMs = undefined;
    file.helperKnown = true;
    const now = clock.monotonicMs();
    if (saysTheSame(file.host.helper, signal.report) && now - file.helperRecordedMs < recordEveryMs) return;
    file.helperRecordedMs = now;
    file.host = { ...file.host, helper: signal.report };
    await store.recordHelper(file.host.id, signal.report, signal.at);
  }
}
