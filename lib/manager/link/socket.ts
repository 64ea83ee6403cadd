import { type RawData, WebSocket } from "ws";
import {
  type ManagerFrame,
  managerCloseCodes,
  type ProviderEvent,
  type ProviderFrame,
  protocolVersion,
} from "../../contract/index.ts";
import type { MessageId } from "../decide/index.ts";
import { ManagerError } from "../servers.ts";
import { backoffMs } from "./backoff.ts";
import { hearFrame } from "./frames.ts";

type Refused = Extract<ProviderFrame, { type: "refused" }>;

export interface Ears {
  /** The provider's answer to `hello`, and each change of it. */
  standing(standing: "active" | "standby", epoch: number, leaseMs: number | null): void;
  message(event: ProviderEvent): void;
  /** A message of a kind that we do not know: it is said to be received, so that it does not come again for ever. */
  unknownMessage(id: MessageId, words: string): void;
  taken(id: MessageId): void;
  refused(id: MessageId | null, error: Refused["error"]): void;
  /** The provider's time of day: deadlines are told by it. */
  beat(at: number): void;
  /** The connection is gone, and there was no beat for `silentMs`; another attempt follows by itself. */
  down(words: string, silentMs: number): void;
  /** The provider will not have us: no further attempt. */
  ended(error: ManagerError): void;
}

export interface Link {
  /** False: not connected, nothing was sent. */
  send(frame: ManagerFrame): boolean;
  close(): void;
}

export interface LinkOptions {
  /** The provider's address, http or https. */
  readonly url: string;
  readonly key: string;
  readonly instance: string;
  readonly name: string;
  readonly version: string;
  readonly ears: Ears;
  readonly random?: () => number;
  /** Beats come each second. */
  readonly silenceMs?: number;
}

const openMs = 5_000;
const closeMs = 1_000;
const mostFrameBytes = 1024 * 1024;
/** More than this unsent means that the provider does not read. */
const mostWaitingBytes = 1024 * 1024;

export function managerSocketUrl(url: string): string {
  const at = new URL("/manager", url);
  at.protocol = at.protocol === "https:" ? "wss:" : "ws:";
  return at.href;
}

const textOf = (data: RawData) => (Array.isArray(data) ? Buffer.concat(data).toString() : data.toString());

/** The manager's standing connection: opened again whenever it is lost, until it is closed or refused for good. */
export function startLink(options: LinkOptions): Link {
  const { ears, random = Math.random, silenceMs = 4_000 } = options;
  let socket: WebSocket | undefined;
  let welcomed = false;
  let attempt = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  /** The last beat, welcome or change of standing: these alone carry the right to act. An answer to us may come where it is not renewed. */
  let beatAt = performance.now();
  /** The same, or that the connection was opened. */
  let aliveAt = beatAt;

  function lost(words: string): void {
    clearTimeout(timer);
    const gone = socket;
    socket = undefined;
    welcomed = false;
    if (gone !== undefined) {
      gone.removeAllListeners();
      gone.on("error", () => {});
      gone.terminate();
    }
    if (closed) return;
    ears.down(words, performance.now() - beatAt);
    attempt++;
    timer = setTimeout(open, backoffMs(attempt, random()));
  }

  function end(error: ManagerError): void {
    closed = true;
    lost(error.message);
    ears.ended(error);
  }

  const silent = () => lost("The provider has gone silent.");

  function alive(): void {
    clearTimeout(timer);
    aliveAt = performance.now();
    timer = setTimeout(silent, silenceMs);
  }

  function take(frame: ProviderFrame): void {
    if (frame.type === "welcome" || frame.type === "standing" || frame.type === "beat") {
      alive();
      beatAt = aliveAt;
    }
    if (frame.type === "welcome") {
      welcomed = true;
      attempt = 0;
      ears.standing(frame.standing, frame.epoch, frame.leaseMs);
    } else if (frame.type === "standing") ears.standing(frame.standing, frame.epoch, null);
    else if (frame.type === "message") ears.message(frame.message);
    else if (frame.type === "taken") ears.taken(frame.id);
    else if (frame.type === "refused") ears.refused(frame.id, frame.error);
    else ears.beat(frame.at);
  }

  function open(): void {
    const mine = new WebSocket(managerSocketUrl(options.url), {
      headers: { authorization: `Bearer ${options.key}` },
      handshakeTimeout: openMs,
      maxPayload: mostFrameBytes,
    });
    socket = mine;
    timer = setTimeout(() => lost("The provider does not answer."), openMs + 1_000);
    mine.on("open", () => {
      const { instance, name, version } = options;
      mine.send(JSON.stringify({ type: "hello", protocol: protocolVersion, instance, name, version }));
      alive();
    });
    mine.on("message", (data) => {
      if (socket !== mine) return;
      // This process stood still: what waited to be read is old, and promises nothing any more.
      if (performance.now() - aliveAt > silenceMs) return silent();
      const heard = hearFrame(textOf(data));
      if (heard.is === "frame") take(heard.frame);
      else if (heard.is === "unknown") {
        if (heard.message !== null) ears.unknownMessage(heard.message, heard.what);
      } else {
        mine.close(managerCloseCodes.badFrame, heard.words.slice(0, 100));
        lost(`The provider sent ${heard.words}.`);
      }
    });
    mine.on("unexpected-response", (_request, response) => {
      const status = response.statusCode ?? 0;
      if (status === 401 || status === 403) end(keyRefused(`${status}`));
      else lost(`The provider answered ${status}.`);
    });
    mine.on("close", (code, reason) => {
      const words = reason.toString();
      if (code === managerCloseCodes.keyRefused) end(keyRefused(words));
      else if (code === managerCloseCodes.badFrame)
        end(
          new ManagerError({
            code: "protocol-refused",
            message: `The provider does not understand this manager: ${words}`,
            cure: "Use a manager of the provider's version.",
          }),
        );
      else lost(words === "" ? `The connection was closed (${code}).` : `The connection was closed: ${words}`);
    });
    mine.on("error", (error) => lost(`The provider cannot be reached: ${error.message}`));
  }

  open();
  return {
    send(frame) {
      if (socket === undefined || !welcomed || socket.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > mostWaitingBytes) {
        lost("The provider does not read what is sent.");
        return false;
      }
      socket.send(JSON.stringify(frame));
      return true;
    },
    close() {
      closed = true;
      clearTimeout(timer);
      const gone = socket;
      socket = undefined;
      if (gone === undefined) return;
      gone.removeAllListeners();
      gone.on("error", () => {});
      gone.close(1000, "the manager ends");
      setTimeout(() => gone.terminate(), closeMs).unref();
    },
  };
}

const keyRefused = (words: string) =>
  new ManagerError({
    code: "key-refused",
    message: `The provider refuses the key: ${words}.`,
    cure: "Make a key with the scope `collaborate` on the page Manager, and set BELAY_KEY.",
  });
