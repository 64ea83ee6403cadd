import { managerLeaseMs } from "../contract/index.ts";

export interface SessionLimits {
  /** Time to send the first frame. */
  readonly helloMs: number;
  readonly beatMs: number;
  /** A beat promises its manager the right to act for so long. */
  readonly leaseMs: number;
  /** What a beat may take on its way, and servers' clocks may differ: the right that is written down outlives every promise by this. */
  readonly wayMs: number;
  /** Messages sent and not said to be received. */
  readonly inFlight: number;
  /** A message that is not said to be received after this means a manager that does not read. */
  readonly receivedMs: number;
  /** Bytes waiting in our memory above which beats are left out, and above which the socket is closed. */
  readonly busyBytes: number;
  readonly mostBytes: number;
  /** Frames of a manager that wait to be worked off before its socket is read no further. */
  readonly waiting: number;
}

export interface HubLimits extends SessionLimits {
  readonly sockets: number;
  /** How long a key may be revoked before its sockets are closed. */
  readonly recheckMs: number;
  /** Time to say who asks. */
  readonly identifyMs: number;
}

export const defaultLimits: HubLimits = {
  helloMs: 5000,
  beatMs: 1000,
  leaseMs: managerLeaseMs,
  wayMs: 2000,
  inFlight: 16,
  receivedMs: 30_000,
  busyBytes: 64 * 1024,
  mostBytes: 4 * 1024 * 1024,
  waiting: 64,
  sockets: 1000,
  recheckMs: 2000,
  identifyMs: 10_000,
};

/** Beats from one renewal of the right to the next. */
export const beatsPerClaim = 2;
/** Beats that may follow a renewal: those until the next one, and one more while that is being written. */
const beatsOfClaim = beatsPerClaim + 1;

type RightLimits = Pick<SessionLimits, "beatMs" | "leaseMs" | "wayMs">;

/** How long the right is claimed for: every beat that goes out by this claim promises less. */
export const rightMs = ({ beatMs, leaseMs, wayMs }: RightLimits): number => leaseMs + wayMs + beatsOfClaim * beatMs;

/** Whether a right that was claimed so long ago still holds whatever a beat that goes out now promises. */
export const mayPromise = (claimedAgoMs: number, { beatMs }: RightLimits): boolean =>
  claimedAgoMs <= beatsOfClaim * beatMs;

/** A manager that was not heard for so long has lost its right, and its server the word about it. */
export const silentAfterMs = (limits: RightLimits): number => rightMs(limits) + limits.beatMs;
