import {
  firstHeard,
  type HostObservation,
  healthOf,
  heard,
  type PeerRound,
  type Suspicion,
  type Unreached,
  unreachedAfter,
} from "../../decide/index.ts";
import type { EpochMs, Host, HostId, Incident } from "../../model/index.ts";

const roundsKept = 8;
const nobody: Unreached = new Map();
/** A host that was never heard of is given this long for its first connection. */
const connectMs = 8_000;

/** What the guard keeps of one host. All times are the monotonic clock's, but for `heardMark`. Lost at a restart without harm. */
export interface HostFile {
  /** As last read from the store. */
  host: Host;
  /** Its incident that has not ended, as last read. */
  incident: Incident | undefined;
  /** Since when it is watched. */
  knownSinceMs: number;
  suspicion: Suspicion;
  everHeard: boolean;
  /** The wall time at which it was last heard of, as the hypervisor said at the last look. */
  heardMark: EpochMs | undefined;
  /** `heardMark` at the time when it was fenced: what comes later comes from a host that is back. */
  fencedMark: EpochMs | undefined;
  greenSinceMs: number | undefined;
  /** Newest last; only those since it fell silent. */
  rounds: PeerRound[];
  /** Since when each peer that was asked says that it does not reach it. */
  unreached: Unreached;
  ssh: HostObservation["ssh"];
  askedPeersMs: number;
  askedSshMs: number;
  asking: number;
  /** Its death is being written down, and counts already. */
  dying: boolean;
  grantsStopped: boolean;
  lastGrantMs: number;
  /** The peers that its helper may go by, as they are written down; the newest last. */
  told: readonly (readonly HostId[])[];
  /** It goes by peers that are not written down: a Belay that kept no such list told it. */
  toldByOthers: boolean;
  /** Since when the newest of them is told. */
  toldSinceMs: number;
  /** The report that is being written. */
  recording: Promise<void>;
  helperGoneMs: number | undefined;
  /**
   * Its helper reported in this life of the engine, or the life before saw it until the host died. What the store says of a helper otherwise is
   * old: it may have been stopped while we were away, and then its lease proves nothing.
   */
  helperKnown: boolean;
  helperRecordedMs: number;
  /** The health that the store knows, and since when another one is seen. */
  otherHealthSinceMs: number | undefined;
  /** It was found dead at the last look: neither we nor a quorum of its peers hear of it. */
  dead: boolean;
  /** Something is being done about it: one thing at a time. */
  busy: boolean;
  /** Not before then again, after something went wrong. */
  notBeforeMs: number;
  /** The power switch of a host that could not be proven off is asked again then; how often it was. */
  switchNotBeforeMs: number;
  vainTries: number;
  /** A person said that it is off, for an incident that was then replaced by another. */
  saidOff: { readonly by: string; readonly at: EpochMs } | undefined;
}

/** A helper that does not report so long after the engine's start is gone, if its host is heard of. */
const helperComesMs = 3_500;

/** `heardMark` is what another life of ours heard last. */
export const newFile = (host: Host, nowMs: number, heardMark: EpochMs | undefined): HostFile => ({
  host,
  incident: undefined,
  knownSinceMs: nowMs,
  suspicion: firstHeard(nowMs + connectMs),
  everHeard: false,
  heardMark,
  fencedMark: undefined,
  greenSinceMs: undefined,
  rounds: [],
  unreached: nobody,
  ssh: undefined,
  askedPeersMs: Number.NEGATIVE_INFINITY,
  askedSshMs: Number.NEGATIVE_INFINITY,
  asking: 0,
  dead: false,
  dying: false,
  grantsStopped: false,
  lastGrantMs: nowMs,
  told: host.helper?.told ?? [],
  toldByOthers: false,
  toldSinceMs: nowMs,
  recording: Promise.resolve(),
  helperGoneMs: host.helper?.connected === true ? nowMs + helperComesMs : undefined,
  helperKnown: host.standing === "fencing",
  helperRecordedMs: Number.NEGATIVE_INFINITY,
  otherHealthSinceMs: undefined,
  busy: false,
  notBeforeMs: Number.NEGATIVE_INFINITY,
  switchNotBeforeMs: Number.NEGATIVE_INFINITY,
  vainTries: 0,
  saidOff: undefined,
});

/** `heardAt` is wall time; since the last look it changed, so it came within `sinceLastLookMs`, whatever the wall clock did. */
export function hear(file: HostFile, heardAt: EpochMs | undefined, wallNow: EpochMs, nowMs: number, sinceMs: number) {
  if (heardAt !== undefined && heardAt !== file.heardMark) {
    const agoMs = Math.min(Math.max(0, wallNow - heardAt), sinceMs);
    file.suspicion = file.everHeard ? heard(file.suspicion, nowMs - agoMs) : firstHeard(nowMs - agoMs);
    file.everHeard = true;
    file.heardMark = heardAt;
  }
  const { health, phi } = healthOf(file.suspicion, nowMs);
  if (health !== "green" || !file.everHeard) file.greenSinceMs = undefined;
  else if (file.greenSinceMs === undefined) {
    file.greenSinceMs = nowMs;
    file.rounds = [];
    file.unreached = nobody;
    file.ssh = undefined;
  }
  return { health, phi, silentMs: silentForMs(file, nowMs) };
}

export const silentForMs = (file: HostFile, nowMs: number): number =>
  Math.max(0, nowMs - (file.everHeard ? file.suspicion.lastAt : file.knownSinceMs));

export function addRound(file: HostFile, round: PeerRound): void {
  if (file.greenSinceMs !== undefined) return; // it is heard of again
  file.rounds = [...file.rounds, round].slice(-roundsKept);
  file.unreached = unreachedAfter(file.unreached, round);
}

export function addLogin(file: HostFile, at: number, answers: boolean): void {
  if (file.greenSinceMs !== undefined) return;
  const { ssh } = file;
  const since = answers && ssh?.answers === true ? ssh.since : at;
  file.ssh = { at, answers, since, wasSilent: ssh !== undefined && (ssh.wasSilent || !ssh.answers) };
}

/** Whether a lease may be granted to it: not once it is, or may soon be, proven off. */
export const mayGrant = ({ grantsStopped, host: { standing } }: HostFile): boolean =>
  !grantsStopped && standing !== "fencing" && standing !== "fenced";

/** Heard of in time, and for a moment already: one packet does not make a host well. */
const steadyMs = 2_000;
export const isSteady = (file: HostFile, nowMs: number): boolean =>
  file.greenSinceMs !== undefined && nowMs - file.greenSinceMs >= steadyMs;

export const openRepairOf = (incident: Incident | undefined) =>
  incident?.repairs.find((repair) => repair.finishedAt === null);
