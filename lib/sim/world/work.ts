import type { EpochMs } from "../../model/index.ts";
import { hasProcess } from "./domain.ts";
import type { SimDomain, SimGuest } from "./types.ts";

/**
 * What a guest gets done, so that a rollback can be measured: a program in it counts the milliseconds in which it has CPUs, in its memory
 * and on its disk in lock-step. Counted when it is asked for, or when the guest gets or loses its CPUs.
 */
export interface Work {
  /** Which boot its memory is of. A restored memory is of the boot in which it was saved. */
  readonly boot: number;
  readonly doneMs: number;
}

const works = (domain: SimDomain | undefined): domain is SimDomain & { runningSince: EpochMs } =>
  domain !== undefined && domain.state === "running" && domain.runningSince !== null && hasProcess(domain);

const newMs = (domain: SimDomain | undefined, guest: SimGuest, now: EpochMs): number =>
  works(domain) ? Math.max(0, now - Math.max(domain.runningSince, guest.work.countedTo)) : 0;

/** What it has done by now, while it is so. */
export const workOf = (domain: SimDomain | undefined, guest: SimGuest, now: EpochMs): Work => ({
  boot: guest.work.boot,
  doneMs: guest.work.doneMs + newMs(domain, guest, now),
});

/** It was so until now, and will be otherwise. */
export function countWork(domain: SimDomain | undefined, guest: SimGuest, now: EpochMs): void {
  if (!works(domain)) return; // a copy that does not run says nothing of one that does
  guest.work.doneMs += newMs(domain, guest, now);
  guest.work.countedTo = now;
}

/** It begins anew from its disk: its memory is of a boot of its own. */
export function beginsBoot(guest: SimGuest): void {
  guest.work.boot = guest.work.nextBoot++;
}

/** Where the file lies; undefined: nowhere. */
export function diskOf(
  guest: SimGuest,
  file: string,
): { readonly diskPath: string; readonly home: string } | undefined {
  if (guest.diskPath === file) return guest;
  const held = guest.otherDisks.get(file);
  return held && { diskPath: file, home: held.home };
}

/** For the story: it ran from another disk the last time. */
export function otherDiskWords(guest: SimGuest, file: string): string {
  const held = guest.otherDisks.get(file);
  if (held === undefined) return "";
  if (held.doneMs === 0) return " from a fresh disk";
  const ms = held.doneMs - guest.work.doneMs;
  return ` from the disk that it had before, which ${ms < 0 ? "loses" : "brings back"} ${(Math.abs(ms) / 1000).toFixed(1)} s of its work`;
}

/** Its next run is from this disk: what was done on the other stays there. A new one is on `home`, and holds nothing yet. */
export function takesDisk(guest: SimGuest, file: string, home: string): void {
  if (guest.diskPath === file) return;
  guest.otherDisks.set(guest.diskPath, { home: guest.home, doneMs: guest.work.doneMs });
  const held = guest.otherDisks.get(file);
  guest.otherDisks.delete(file);
  guest.diskPath = file;
  guest.home = held?.home ?? home;
  guest.work.doneMs = held?.doneMs ?? 0;
}

/** It goes on where it was saved. */
export function goesBackTo(guest: SimGuest, saved: Work, now: EpochMs): void {
  Object.assign(guest.work, saved, { countedTo: now });
}
