import type { EpochMs, HostHealth } from "../../model/index.ts";

/**
 * How overdue a host is, as a value (phi-accrual: Hayashibara and others, 2004). What came from it sets the rhythm; the longer its
 * silence lasts against that rhythm, the higher phi: -log10 of the chance that it is only late.
 */
export interface Suspicion {
  readonly lastAt: EpochMs;
  readonly meanMs: number;
  readonly variance: number;
}

const rhythm = {
  /** A quiet host is heard of this often, by the keepalive of its connection. Busy ones are heard of more often; they may fall quiet. */
  expectedMs: 500,
  /** However even the beats were: a busy network or a busy engine delays one now and then. */
  leastDeviationMs: 250,
  /** However uneven they were: detection has its time too. */
  mostDeviationMs: 350,
  /** A longer gap is no rhythm but an outage: it does not make us more patient. */
  longestGapMs: 2_000,
  /** What the newest gap weighs against those before it. */
  weight: 0.1,
  yellowPhi: 3,
  redPhi: 20,
} as const;

export const firstHeard = (at: EpochMs): Suspicion => ({ lastAt: at, meanMs: rhythm.expectedMs, variance: 0 });

/** Something came at `at`. What is older than what came before changes nothing. */
export function heard(suspicion: Suspicion, at: EpochMs): Suspicion {
  if (at <= suspicion.lastAt) return suspicion;
  const gapMs = at - suspicion.lastAt;
  if (gapMs > rhythm.longestGapMs) return { ...suspicion, lastAt: at };
  const off = gapMs - suspicion.meanMs;
  return {
    lastAt: at,
    meanMs: suspicion.meanMs + rhythm.weight * off,
    variance: (1 - rhythm.weight) * (suspicion.variance + rhythm.weight * off * off),
  };
}

export function phiOf({ lastAt, meanMs, variance }: Suspicion, now: EpochMs): number {
  const deviation = Math.min(rhythm.mostDeviationMs, Math.max(rhythm.leastDeviationMs, Math.sqrt(variance)));
  const y = (now - lastAt - Math.max(rhythm.expectedMs, meanMs)) / deviation;
  // The logistic stand-in for the normal distribution's tail that Akka and Cassandra use; in logarithms it does not underflow.
  const exponent = y * (1.5976 + 0.070566 * y * y);
  return Math.log1p(Math.exp(-Math.abs(exponent))) / Math.LN10 + Math.max(0, exponent) / Math.LN10;
}

export interface Silence {
  readonly health: HostHealth;
  readonly phi: number;
  readonly silentMs: number;
}

export function healthOf(suspicion: Suspicion, now: EpochMs): Silence {
  const phi = phiOf(suspicion, now);
  const health = phi >= rhythm.redPhi ? "red" : phi >= rhythm.yellowPhi ? "yellow" : "green";
  return { health, phi, silentMs: Math.max(0, now - suspicion.lastAt) };
}
