import type { HostId } from "../../model/index.ts";
import { type HostFile, silentForMs } from "./host-file.ts";

const peersAtMost = 5;
/** A peer that was told to a helper stays for so long though nothing is heard of it: each change is a write. */
const missedForMs = 10_000;

/** Those that can be asked now. */
export const witnessesOf = (all: Iterable<HostFile>): HostFile[] =>
  [...all].filter(({ greenSinceMs, host }) => greenSinceMs !== undefined && !isOff(host.standing));

const isOff = (standing: HostFile["host"]["standing"]) => standing === "fencing" || standing === "fenced";

/** Hosts of other racks first: one rack's switch must not speak for the host behind it. `turn` spreads the work. */
export function choosePeers(witnesses: readonly HostFile[], of: HostFile, turn: number): HostFile[] {
  const others = witnesses.filter((it) => it !== of);
  const near = (it: HostFile) => it.host.rack !== null && it.host.rack === of.host.rack;
  const start = others.length === 0 ? 0 : (turn * peersAtMost) % others.length;
  const turned = [...others.slice(start), ...others.slice(0, start)];
  return [...turned.filter((it) => !near(it)), ...turned.filter(near)].slice(0, peersAtMost);
}

/**
 * Whom to ask about a host: all that its helper was told to look at, since the end of its lease is proven by these alone, and others
 * where they are few.
 */
export function askedAbout(witnesses: readonly HostFile[], of: HostFile, turn: number): HostFile[] {
  const told = new Set(of.told.flat());
  const first = witnesses.filter((it) => it !== of && told.has(it.host.id));
  const more = choosePeers(witnesses, of, turn).filter((it) => !told.has(it.host.id));
  return [...first, ...more.slice(0, Math.max(0, peersAtMost - first.length))];
}

/** The peers that the host's helper should go by: those that it has, as long as they are there and as many as can be. */
export function peersToTell(of: HostFile, all: ReadonlyMap<HostId, HostFile>, nowMs: number): readonly HostId[] {
  const known = of.told.at(-1) ?? [];
  const there = known.every((id) => {
    const peer = all.get(id);
    if (peer === undefined || isOff(peer.host.standing)) return false;
    return peer.greenSinceMs !== undefined || silentForMs(peer, nowMs) < missedForMs;
  });
  if (there && known.length === peersAtMost) return known;
  const ids = [...all.keys()];
  const found = choosePeers(witnessesOf(all.values()), of, ids.indexOf(of.host.id)).map(({ host }) => host.id);
  return there && known.length >= found.length ? known : found;
}
