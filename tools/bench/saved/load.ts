import { once } from "node:events";
import path from "node:path";
import { Worker } from "node:worker_threads";
import type { Given, Heard } from "./load-worker.ts";

/** Requests in a closed loop, and a prober beside them, from a thread of their own: what this process does otherwise must not show in them. */
export interface Client {
  /** Since the last time: how many requests were answered, and when each of the prober's was, by `performance.timeOrigin + performance.now()`. */
  take(): Promise<Heard>;
  stop(): Promise<void>;
}

export async function startClient(given: Given): Promise<Client> {
  const worker = new Worker(path.join(import.meta.dirname, "load-worker.ts"), { workerData: given });
  await once(worker, "online");
  return {
    async take() {
      worker.postMessage("take");
      const [heard] = (await once(worker, "message")) as [Heard];
      return heard;
    },
    async stop() {
      await worker.terminate();
    },
  };
}

/** The longest time between two answers that touches the span. */
export function longestGap(answersAt: readonly number[], from: number, to: number): number {
  let longest = 0;
  for (let at = 1; at < answersAt.length; at++) {
    const [before, now] = [answersAt[at - 1] ?? 0, answersAt[at] ?? 0];
    if (now >= from && before <= to) longest = Math.max(longest, now - before);
  }
  return longest;
}

export const wallMs = (): number => performance.timeOrigin + performance.now();
