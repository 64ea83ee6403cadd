import type { ConversationMessage, MessageId } from "../model/index.ts";
import { isSaid, type Said } from "./wire.ts";

export interface Outbox {
  /** Reads what is undelivered and sends what is not on its way yet. Cheap to call often; calls during a run make one more. */
  pump(): Promise<void>;
  /** The manager has it: the read that begins after this must not show it any more. */
  received(id: MessageId): void;
  /** How long the oldest message is on its way; 0 where none is. */
  waitingMs(): number;
  /** What is on its way is somebody else's to send. */
  forget(): void;
}

/**
 * What is on its way to one manager: at most `window` messages, in the order in which the store gives them. It ends with the socket:
 * the next one is sent again what nobody said to have.
 */
export function outbox(options: {
  readonly window: number;
  undelivered(limit: number): Promise<readonly ConversationMessage[]>;
  send(said: Said): Promise<void>;
  mayGoOn(): boolean;
  monotonicMs(): number;
}): Outbox {
  const { window, undelivered, send, mayGoOn, monotonicMs } = options;
  const sentAt = new Map<MessageId, number>();
  /** Recorded as received, and perhaps still in the answer of a read that is under way. */
  const received = new Set<MessageId>();
  let running: Promise<void> | undefined;
  let again = false;

  async function once(): Promise<void> {
    const gone = [...received];
    const messages = await undelivered(window);
    for (const message of messages.filter(isSaid)) {
      if (!mayGoOn() || sentAt.size - received.size >= window) break;
      if (sentAt.has(message.id)) continue;
      sentAt.set(message.id, monotonicMs());
      await send(message);
    }
    for (const id of gone) {
      sentAt.delete(id);
      received.delete(id);
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      await once();
    } while (again && mayGoOn());
  }

  return {
    pump() {
      if (running !== undefined) {
        again = true;
        return running;
      }
      if (!mayGoOn()) return Promise.resolve();
      running = run().finally(() => {
        running = undefined;
      });
      return running;
    },
    received(id) {
      if (sentAt.has(id)) received.add(id);
    },
    waitingMs() {
      let oldest = Number.POSITIVE_INFINITY;
      for (const [id, at] of sentAt) if (!received.has(id)) oldest = Math.min(oldest, at);
      return oldest === Number.POSITIVE_INFINITY ? 0 : monotonicMs() - oldest;
    },
    forget() {
      sentAt.clear();
      received.clear();
    },
  };
}
