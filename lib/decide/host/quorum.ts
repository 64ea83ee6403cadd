import type { EpochMs, HostId, HostStanding } from "../../model/index.ts";

/** What one peer said of a host; `reached` is undefined when the peer itself could not be asked. */
export interface PeerAnswer {
  readonly peer: HostId;
  readonly name: string;
  readonly reached: boolean | undefined;
}

/** Several peers, asked at once. */
export interface PeerRound {
  readonly askedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly answers: readonly PeerAnswer[];
}

/**
 * One peer that reaches the host proves that it lives. That it is dead takes a quorum: at least one answer, from at least half of
 * those asked, and none that reaches it.
 */
export function roundSays({ answers }: PeerRound): "reached" | "not-reached" | "no-quorum" {
  const answered = answers.filter((it) => it.reached !== undefined);
  if (answered.some((it) => it.reached)) return "reached";
  return answered.length > 0 && answered.length * 2 >= answers.length ? "not-reached" : "no-quorum";
}

/** Hosts that ought to be heard of: not those that are proven off, nor those on which a person works. */
export const counts = (standing: HostStanding): boolean => standing !== "fenced" && standing !== "maintenance";

/**
 * Whether we are the one that is cut off: of two hosts or more, fewer than half are heard of. Then nothing that we miss says anything of
 * the hosts. Half is enough, so that the other one of two can be judged by its peer.
 */
export const weAreCutOff = (hosts: readonly { readonly counted: boolean; readonly seen: boolean }[]): boolean => {
  let counted = 0;
  let seen = 0;
  for (const host of hosts) {
    if (!host.counted) continue;
    counted++;
    if (host.seen) seen++;
  }
  return counted >= 2 && (seen === 0 || seen * 2 < counted);
};
