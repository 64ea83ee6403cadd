import pino from "pino";
import type { Log } from "../engine/ports.ts";

const depth = 5;

/**
 * What tells of an error, and no more: the errors of libraries carry whole clients along, with their passwords. `cause` nests.
 */
export function errorFacts(error: unknown, level = 0): unknown {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack, cause } = error;
  const code = "code" in error && ["string", "number"].includes(typeof error.code) ? error.code : undefined;
  const causes = cause === undefined || level >= depth ? {} : { cause: errorFacts(cause, level + 1) };
  return { name, message, ...(code !== undefined && { code }), ...causes, stack };
}

const levels = ["debug", "info", "warn", "error", "silent"];

/** One line of JSON per fact on stderr, which leaves stdout to the one line that says that the server is ready. */
export function processLog(level = process.env.BELAY_LOG ?? "info"): Log {
  const logger = pino(
    {
      level: levels.includes(level) ? level : "info",
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: (error: unknown) => errorFacts(error) },
      redact: ["password", "token", "cookie", "authorization"],
    },
    pino.destination({ fd: 2, sync: true }),
  );
  return {
    info: (words, facts) => logger.info(facts ?? {}, words),
    warn: (words, facts) => logger.warn(facts ?? {}, words),
    error: (words, facts) => logger.error(facts ?? {}, words),
  };
}
