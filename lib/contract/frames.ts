import { z } from "zod";
import { cloudEvent } from "./events.ts";
import { applicationId, epochMs } from "./ids.ts";

/** One second of an application's traffic as its source counted it. */
export const trafficSample = z.object({
  applicationId,
  /** Start of the second. */
  at: epochMs,
  answered: z.int().min(0),
  failed: z.int().min(0),
});
export type TrafficSample = z.infer<typeof trafficSample>;

/**
 * Server to browser over /ws.
 * `welcome` answers `resume`. `events` come in order of seq; numbers that a viewer may not see are missing, so `seq` of the frame says
 * how far the viewer now is. `beat` comes every second, also when nothing happens: silence for longer means the socket is dead.
 * `resync` says that too much was missed: fetch the cloud anew. `traffic` is not numbered and may be lost.
 */
export const serverFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("welcome"), seq: z.number() }),
  z.object({ type: z.literal("events"), seq: z.number(), events: z.array(cloudEvent) }),
  z.object({ type: z.literal("beat"), seq: z.number() }),
  z.object({ type: z.literal("resync"), seq: z.number() }),
  z.object({ type: z.literal("traffic"), samples: z.array(trafficSample) }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;

/** Browser to server: the first frame of every socket. `after` is the last seq that the browser has. */
export const clientFrame = z.object({ type: z.literal("resume"), after: z.int().min(0) });
export type ClientFrame = z.infer<typeof clientFrame>;

/** A frame of live traffic in the browser is dropped after this long without one from the server. */
export const beatIntervalMs = 1000;
export const silenceMeansDroppedMs = 2500;

/** Why the server closed a socket. After each but `signedOut` the browser connects again and resumes. */
export const closeCodes = {
  /** The session ended: sign in again. */
  signedOut: 4001,
  /** The first frame was not `resume`, came too late, or was no frame of ours. */
  badFrame: 4002,
  /** The browser took its frames too slowly; nothing is lost, for it resumes. */
  tooSlow: 4008,
  /** The server stops. */
  goingAway: 1001,
  /** The server cannot take one more socket, or cannot ask who the viewer is. */
  tryLater: 1013,
} as const;
