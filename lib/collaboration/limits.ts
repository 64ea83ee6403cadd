import { managerLeaseMs } from "../contract/index.ts";

export interface SessionLimits {
  /** Time to send the first frame. */
  readonly helloMs: number;
  readonly beatMs: number;
  /** The right to act outlives a broken connection by this. */
  readonly leaseMs: number;
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
  inFlight: 16,
  receivedMs: 30_000,
  busyBytes: 64 * 1024,
  mostBytes: 4 * 1024 * 1024,
  waiting: 64,
  sockets: 1000,
  recheckMs: 2000,
  identifyMs: 10_000,
};
