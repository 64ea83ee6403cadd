import { closeCodes, type ServerFrame, serverFrame, silenceMeansDroppedMs } from "../contract/index.ts";
import { backoffMs } from "./backoff.ts";

/** What a person is told of the socket. `since` by the browser's clock. */
export type LiveState =
  | { readonly kind: "connecting"; readonly since: number }
  | { readonly kind: "live"; readonly since: number }
  | {
      readonly kind: "dropped";
      readonly since: number;
      /** Why, in words fit for the page. */
      readonly words: string;
      readonly attempt: number;
      /** When the next attempt begins; null while one is under way. */
      readonly nextAttemptAt: number | null;
    };

/** What a socket tells. After `closed` nothing more comes. */
export interface Ears {
  opened(): void;
  said(data: unknown): void;
  closed(code: number): void;
}

/** The part of WebSocket that is used, so that a test can stand in for it. */
export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface LiveOptions {
  readonly open: (ears: Ears) => Socket;
  /** The last event number that the page has; asked anew at every connection. */
  readonly lastSeq: () => number;
  readonly onFrame: (frame: ServerFrame) => void;
  readonly onState: (state: LiveState) => void;
  /** A connection could not be made at all, or the session ended: an HTTP request can tell which. */
  readonly onRefused: () => void;
  readonly random?: () => number;
}

export interface Live {
  /** Tries at once instead of when the pause is over. */
  retryNow(): void;
  /** Gives this connection up, as if it had been lost, and connects anew. */
  giveUp(words: string): void;
  stop(): void;
}

/**
 * Keeps one socket to the server until `stop`. Every frame proves that it lives; silence for `silenceMeansDroppedMs` means that it does
 * not, whatever TCP believes. After a loss: back-off, connect, `resume` after the last number that the page has.
 */
export function startLive(options: LiveOptions): Live {
  const random = options.random ?? Math.random;
  let socket: Socket | undefined;
  let state: LiveState = { kind: "connecting", since: Date.now() };
  let silence: ReturnType<typeof setTimeout> | undefined;
  let pause: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let stopped = false;

  const tell = (next: LiveState) => {
    state = next;
    options.onState(next);
  };

  const leave = () => {
    clearTimeout(silence);
    clearTimeout(pause);
    const old = socket;
    socket = undefined; // from now on its ears are deaf
    old?.close();
  };

  const lost = (words: string) => {
    leave();
    if (stopped) return;
    attempt += 1;
    const waitMs = backoffMs(attempt, random());
    const since = state.kind === "dropped" ? state.since : Date.now();
    tell({ kind: "dropped", since, words, attempt, nextAttemptAt: Date.now() + waitMs });
    pause = setTimeout(connect, waitMs);
  };

  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => lost("The server has gone silent."), silenceMeansDroppedMs);
  };

  const onMessage = (data: unknown) => {
    const frame = parse(data);
    if (frame === undefined) return lost("The server sent something that this page does not understand.");
    heard();
    if (frame.type === "welcome" || frame.type === "resync") {
      attempt = 0;
      tell({ kind: "live", since: Date.now() });
    }
    options.onFrame(frame);
  };

  const connect = () => {
    leave();
    if (state.kind === "dropped") tell({ ...state, nextAttemptAt: null });
    let opened = false;
    const mine = options.open({
      opened: () => {
        if (socket !== mine) return;
        opened = true;
        mine.send(JSON.stringify({ type: "resume", after: options.lastSeq() }));
      },
      said: (data) => {
        if (socket === mine) onMessage(data);
      },
      closed: (code) => {
        if (socket !== mine) return;
        if (!opened || code === closeCodes.signedOut) options.onRefused();
        lost(opened ? "The connection to the server was lost." : "The server cannot be reached.");
      },
    });
    socket = mine;
    heard(); // an attempt that hangs is silence too
  };

  options.onState(state);
  connect();
  return {
    retryNow: () => {
      if (!stopped && state.kind === "dropped" && state.nextAttemptAt !== null) connect();
    },
    giveUp: (words) => {
      if (socket !== undefined) lost(words);
    },
    stop: () => {
      stopped = true;
      leave();
    },
  };
}

function parse(data: unknown): ServerFrame | undefined {
  if (typeof data !== "string") return undefined;
  try {
    return serverFrame.safeParse(JSON.parse(data)).data;
  } catch {
    return undefined;
  }
}
