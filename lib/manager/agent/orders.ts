import type { Input, ManagerState } from "../decide/index.ts";
import { type Log, ManagerError } from "../servers.ts";

interface Waiting {
  readonly say: Log;
  readonly resolve: () => void;
  readonly reject: (error: ManagerError) => void;
}

type Order = ManagerState["byHand"][string];

/** People who wait for what they ordered. It follows from the state whether it goes on: whatever ends it, they are told. */
export function createOrders() {
  const waiting = new Map<string, Waiting>();
  const keyOf = (order: Order | undefined) => (order?.stage.is === "acting" ? order.stage.action.key : undefined);
  return {
    wait(order: Order | undefined, say: Log): Promise<void> {
      const key = keyOf(order);
      if (key === undefined)
        return Promise.reject(new ManagerError({ code: "manager-ended", message: "It has ended." }));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      promise.catch(() => {}); // who waits may have gone
      waiting.set(key, { say, resolve, reject });
      return promise;
    },
    say(key: string, words: string): void {
      waiting.get(key)?.say(words);
    },
    /** Whom to tell once the journal has it. */
    endedBy(input: Input, state: ManagerState): () => void {
      const going = new Set(Object.values(state.byHand).map(keyOf));
      const ended = [...waiting].filter(([key]) => !going.has(key));
      for (const [key] of ended) waiting.delete(key);
      return () => {
        for (const [key, { resolve, reject }] of ended) {
          if (input.is !== "action-ended" || input.key !== key) reject(gaveWay());
          else if (input.problem === null) resolve();
          else reject(new ManagerError(input.problem));
        }
      };
    },
  };
}

const gaveWay = () =>
  new ManagerError({
    code: "in-hand",
    message: "The provider's repair of its VM has begun, and this one gave way to it.",
    cure: "Look how things are once that has ended: belay-manager status.",
  });
