import pino from "pino";
import type { Log } from "../engine/ports.ts";

const levels = ["debug", "info", "warn", "error", "silent"];

/** One line of JSON per fact on stderr, which leaves stdout to the one line that says that the server is ready. */
export function processLog(level = process.env.BELAY_LOG ?? "info"): Log {
  const logger = pino(
    {
      level: levels.includes(level) ? level : "info",
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: pino.stdSerializers.err },
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
