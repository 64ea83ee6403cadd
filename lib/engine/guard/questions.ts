import type { PeerAnswer } from "../../decide/index.ts";
import { type HostId, hostStandings } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { addLogin, addRound, type HostFile, silentForMs } from "./host-file.ts";
import { Limit } from "./limit.ts";
import { askedAbout, witnessesOf } from "./peers.ts";
import { within } from "./within.ts";

/** A host that has been silent for long is asked about less often. */
const longSilentMs = 60_000;
const longSilentEveryMs = 5_000;
const slackMs = 200;

/** Asks about overdue hosts: their peers whether they reach them, and their own SSH. Only a few are asked, and only when there is cause. */
export class Questions {
  readonly #env: Env;
  readonly #options: EngineOptions;
  readonly #rounds = new Limit(128);
  readonly #logins = new Limit(64);

  readonly #answered: () => void;

  /** `answered` is called when a round of answers is complete. */
  constructor(env: Env, options: EngineOptions, answered: () => void) {
    this.#env = env;
    this.#options = options;
    this.#answered = answered;
  }

  /** Begins what is due. Answers find their way into the files. */
  askAbout(suspects: readonly HostFile[], all: ReadonlyMap<HostId, HostFile>): void {
    if (suspects.length === 0) return;
    const now = this.#env.clock.monotonicMs();
    const witnesses = witnessesOf(all.values());
    for (const [index, file] of suspects.entries()) {
      if (file.asking > 0) continue;
      const silentMs = silentForMs(file, now);
      const mayMatter = file.host.helper !== null && hostStandings[file.host.standing].mayStart === false;
      const everyMs = silentMs > longSilentMs && !mayMatter ? longSilentEveryMs : this.#options.askPeersEveryMs;
      if (now - file.askedSshMs >= everyMs && this.#logins.tryRun(() => this.#askSsh(file))) file.askedSshMs = now;
      if (now - file.askedPeersMs < everyMs) continue;
      const peers = askedAbout(witnesses, file, index);
      if (peers.length > 0 && this.#rounds.tryRun(() => this.#askPeers(file, peers))) file.askedPeersMs = now;
    }
  }

  async #askPeers(file: HostFile, peers: readonly HostFile[]): Promise<void> {
    const { clock, hypervisor } = this.#env;
    const { peerTimeoutMs } = this.#options;
    const askedAt = clock.monotonicMs();
    file.asking++;
    try {
      const answers = await Promise.all(
        peers.map(async ({ host }): Promise<PeerAnswer> => {
          const answer = hypervisor.reachedFrom(host.id, file.host, peerTimeoutMs).catch(() => undefined);
          const reached = await within(clock, peerTimeoutMs + slackMs, answer, undefined);
          return { peer: host.id, name: host.name, reached };
        }),
      );
      addRound(file, { askedAt, endedAt: clock.monotonicMs(), answers });
    } finally {
      file.asking--;
      this.#answered();
    }
  }

  async #askSsh(file: HostFile): Promise<void> {
    const { clock, hypervisor } = this.#env;
    const timeoutMs = this.#options.peerTimeoutMs;
    const answer = hypervisor.sshAnswers(file.host.id, timeoutMs).catch(() => false);
    const answers = await within(clock, timeoutMs + slackMs, answer, false);
    addLogin(file, clock.monotonicMs(), answers);
  }
}
