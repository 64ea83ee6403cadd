import type { RawData, WebSocket } from "ws";
import {
  clientFrame,
  closeCodes,
  eventFor,
  type OwnedSample,
  type ServerFrame,
  trafficFor,
} from "../contract/index.ts";
import type { Viewer } from "../model/index.ts";
import type { EventLog } from "./event-log.ts";

export interface SocketLimits {
  /** Time to send the first frame. */
  readonly resumeMs: number;
  /** A frame that the kernel has not taken from us after this long means a reader that is too slow. */
  readonly stallMs: number;
  /** Bytes waiting in our memory above which frames that may be lost are left out. */
  readonly busyBytes: number;
  /** Events per frame. */
  readonly batch: number;
}

export interface ViewerSocket {
  readonly viewer: Viewer;
  /** Sends what is new. Cheap to call when nothing is. */
  pump(): void;
  beat(): void;
  traffic(samples: readonly OwnedSample[]): void;
  /** Says why, and makes sure of it: a peer that does not answer is cut off. */
  close(code: number, words: string): void;
}

/** A peer that does not answer our close is cut off after this. */
const closeMs = 1000;

const parse = (data: RawData) => {
  try {
    return clientFrame.safeParse(JSON.parse(data.toString()));
  } catch {
    return undefined;
  }
};

/**
 * One browser. At most one frame of events is under way; the next is made when the kernel took it, so a slow reader costs one frame
 * of memory and not a queue. The events themselves wait in the log, which all sockets share.
 */
export function viewerSocket(ws: WebSocket, viewer: Viewer, log: EventLog, limits: SocketLimits): ViewerSocket {
  /** The browser said where it is. */
  let resumed = false;
  /** Number of the last event that was sent or hidden. */
  let at = 0;
  let pumping = false;

  const isOpen = () => ws.readyState === ws.OPEN;
  const isBusy = () => ws.bufferedAmount > limits.busyBytes;

  const close = (code: number, words: string) => {
    if (!isOpen()) return;
    ws.close(code, words);
    setTimeout(() => ws.terminate(), closeMs).unref();
  };

  /** Resolves when the kernel has the frame, or the socket is over. */
  const send = (frame: ServerFrame): Promise<void> =>
    new Promise((resolve) => {
      if (!isOpen()) return resolve();
      const stalled = setTimeout(() => {
        close(closeCodes.tooSlow, "too slow: resume");
        resolve();
      }, limits.stallMs);
      ws.send(JSON.stringify(frame), () => {
        clearTimeout(stalled);
        resolve();
      });
    });

  const pump = async () => {
    if (pumping || !resumed) return;
    pumping = true;
    while (isOpen() && at < log.last()) {
      if (!log.reaches(at)) {
        close(closeCodes.tooSlow, "too slow: resume");
        break;
      }
      const batch = log.after(at, limits.batch);
      const end = batch.length < limits.batch ? undefined : batch.at(-1);
      const seq = end?.seq ?? log.last();
      const events = batch.flatMap((event) => eventFor(viewer, event) ?? []);
      at = seq;
      if (events.length > 0) await send({ type: "events", seq, events });
    }
    pumping = false;
  };

  const resume = (after: number) => {
    const seq = log.last();
    const known = log.reaches(after);
    at = known ? after : seq;
    resumed = true;
    void send({ type: known ? "welcome" : "resync", seq }).then(pump);
  };

  const late = setTimeout(() => close(closeCodes.badFrame, "no resume frame came"), limits.resumeMs);
  ws.on("message", (data) => {
    const frame = parse(data);
    if (frame?.success && !resumed) {
      clearTimeout(late);
      resume(frame.data.after);
    } else close(closeCodes.badFrame, "the first and only frame is resume");
  });
  ws.on("close", () => clearTimeout(late));
  ws.on("error", () => ws.terminate()); // a frame that breaks the protocol; `close` follows

  return {
    viewer,
    pump: () => void pump(),
    beat() {
      if (resumed && !isBusy()) void send({ type: "beat", seq: at });
    },
    traffic(samples) {
      const seen = !resumed || isBusy() ? [] : trafficFor(viewer, samples);
      if (seen.length > 0) void send({ type: "traffic", samples: seen });
    },
    close,
  };
}
