import type { Certainty, EpochMs, Evidence, HostId, HostStanding } from "../../model/index.ts";
import { counts, type PeerRound, roundSays, weAreCutOff } from "./quorum.ts";
import type { Silence } from "./suspicion.ts";

/** What is known of one host at one instant. */
export interface HostObservation {
  readonly id: HostId;
  readonly name: string;
  readonly standing: HostStanding;
  readonly silence: Silence;
  /** Whether anything ever came from it since this engine watches: one that was never heard of is not "seen". */
  readonly everHeard: boolean;
  /** What its peers said since it fell silent, oldest first. */
  readonly rounds: readonly PeerRound[];
  /** Whether it let us in over SSH when last asked since it fell silent; undefined before the first answer. */
  readonly ssh:
    | {
        readonly at: EpochMs;
        readonly answers: boolean;
        /** Since when it has been so. */
        readonly since: EpochMs;
        /** SSH too was silent in between: the host was away and comes back, and libvirtd may only be on its way. */
        readonly wasSilent: boolean;
      }
    | undefined;
}

export type HostVerdict =
  | { readonly kind: "well" }
  /** Overdue, and not clear yet. */
  | { readonly kind: "watch" }
  | {
      readonly kind: "isolated" | "dead" | "libvirtd-dead" | "we-are-cut-off";
      readonly certainty: Certainty;
      readonly evidence: readonly Evidence[];
      /** One sentence for the provider. */
      readonly words: string;
    };

/** One each for all hosts of which there is nothing more to say: nearly all, four times a second. */
const well: HostVerdict = { kind: "well" };
const watch: HostVerdict = { kind: "watch" };

const hostPatience = {
  /** systemd starts a libvirtd that died again by itself. */
  libvirtdMs: 5_000,
  /** A host that comes back has its sshd before its libvirtd, and before we try the next connection. */
  comingBackMs: 30_000,
  isolatedMs: 5_000,
  /** Without anybody to ask, or with ourselves cut off, there is nothing to hurry for. */
  unsureMs: 10_000,
} as const;

/** SSH is asked only once the host is overdue. */
const askedLateMs = 2_000;

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
const fact = (at: EpochMs, source: Evidence["source"], words: string): Evidence => ({
  at,
  source,
  words,
  audience: "provider",
});

const named = (names: readonly string[]) =>
  names.length <= 1 ? (names[0] ?? "nobody") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;

function peersSaid(round: PeerRound): Evidence[] {
  const those = (reached: boolean | undefined) =>
    round.answers.filter((it) => it.reached === reached).map(({ name }) => name);
  const [yes, no, silent] = [those(true), those(false), those(undefined)];
  return [
    ...(yes.length > 0 ? [fact(round.endedAt, "peer", `Reached from ${named(yes)}.`)] : []),
    ...(no.length > 0 ? [fact(round.endedAt, "peer", `Not reached from ${named(no)}.`)] : []),
    ...(silent.length > 0 ? [fact(round.endedAt, "peer", `${named(silent)} could not be asked.`)] : []),
  ];
}

function evidenceOf(host: HostObservation, now: EpochMs): Evidence[] {
  const { silence, rounds, ssh } = host;
  const since = host.everHeard ? "" : " since Belay began to watch it";
  return [
    fact(now, "connection", `Nothing came from ${host.name} for ${seconds(silence.silentMs)}${since}.`),
    ...rounds.slice(-2).flatMap(peersSaid),
    ...(ssh === undefined ? [] : [fact(ssh.at, "connection", `SSH ${ssh.answers ? "answers" : "does not answer"}.`)]),
  ];
}

/** One host that is red while we are not cut off. */
function diagnoseRed(host: HostObservation, now: EpochMs): HostVerdict {
  const { silence, rounds, ssh, name } = host;
  const evidence = evidenceOf(host, now);
  const said = rounds.slice(-2).map(roundSays);
  if (ssh?.answers) {
    const patienceMs = ssh.wasSilent ? hostPatience.comingBackMs : hostPatience.libvirtdMs;
    if (silence.silentMs < hostPatience.libvirtdMs || now - ssh.since < patienceMs - askedLateMs) return watch;
    const words = `libvirtd on ${name} does not answer, and SSH does. Its guests are not touched.`;
    return { kind: "libvirtd-dead", certainty: "certain", evidence, words };
  }
  if (said.length === 2 && said.every((it) => it === "not-reached") && ssh !== undefined) {
    const words = `${name} is dead: neither Belay nor the hosts that were asked hear of it.`;
    return { kind: "dead", certainty: "certain", evidence, words };
  }
  if (said.at(-1) === "reached") {
    if (silence.silentMs < hostPatience.isolatedMs) return watch;
    const words = `Belay cannot reach ${name}, and other hosts can: it lives, and nothing is done to it.`;
    return { kind: "isolated", certainty: "likely", evidence, words };
  }
  if (silence.silentMs < hostPatience.unsureMs) return watch;
  const words = `Nothing comes from ${name}, and not enough other hosts could say whether it lives: it is not taken for dead.`;
  return { kind: "isolated", certainty: "unsure", evidence, words };
}

/**
 * Tells for each host whether it is well, late, dead, cut off from us, or only without its libvirtd (paper, section III-B). A host is
 * dead only when we and a quorum of its peers agree, twice; when we miss most hosts, it is us. Pure.
 */
export function diagnoseHosts(hosts: readonly HostObservation[], now: EpochMs): ReadonlyMap<HostId, HostVerdict> {
  const seen = (host: HostObservation) => host.everHeard && host.silence.health === "green";
  const cutOff = weAreCutOff(hosts.map((host) => ({ counted: counts(host.standing), seen: seen(host) })));
  const verdicts = new Map<HostId, HostVerdict>();
  for (const host of hosts) {
    const { health, silentMs } = host.silence;
    if (health === "green") verdicts.set(host.id, host.everHeard ? well : watch);
    else if (health === "yellow") verdicts.set(host.id, watch);
    else if (!cutOff) verdicts.set(host.id, diagnoseRed(host, now));
    else if (silentMs < hostPatience.unsureMs) verdicts.set(host.id, watch);
    else {
      const heardOf = hosts.filter(seen).length;
      const words = `Belay hears of ${heardOf} of ${hosts.length} hosts, so it takes itself for cut off: nothing is done to ${host.name}.`;
      const evidence = [...evidenceOf(host, now), fact(now, "connection", words)];
      verdicts.set(host.id, { kind: "we-are-cut-off", certainty: "unsure", evidence, words });
    }
  }
  return verdicts;
}
