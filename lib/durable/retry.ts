import { BelayError, type ErrorCode } from "../model/index.ts";

/** Refusals that stay refusals: the store will say the same at the next try. */
const final: ReadonlySet<ErrorCode> = new Set(["bad-input", "conflict", "not-allowed", "not-found"]);

export const isFinal = (error: unknown): error is BelayError => error instanceof BelayError && final.has(error.code);

/**
 * How a step whose effect throws is tried again: after 0.1, 0.2, 0.4, … s, ten times within about 51 s. That outlives a restart of the
 * database; what takes longer to come back is for the effect itself to wait for, with its own deadline.
 */
export const stepRetries = {
  retriesAllowed: true,
  maxAttempts: 10,
  intervalSeconds: 0.1,
  backoffRate: 2,
  shouldRetry: (error: unknown) => !isFinal(error),
} as const;
