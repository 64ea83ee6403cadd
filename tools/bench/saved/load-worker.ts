import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";

export interface Given {
  readonly url: string;
  /** Connections that each send the next request as soon as the last is answered. 0: the prober alone. */
  readonly connections: number;
}
export interface Heard {
  readonly answered: number;
  readonly failed: number;
  readonly probedAt: readonly number[];
}

const given = workerData as Given;
const timeoutMs = 30_000;
const probePauseMs = 2;
let answered = 0;
let failed = 0;
let probedAt: number[] = [];

const ask = (agent: Agent, path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get(`${given.url}${path}`, { agent, timeout: timeoutMs }, (reply) => {
      reply.resume();
      reply.once("end", () => resolve(true));
      reply.once("error", () => resolve(false));
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => resolve(false));
  });

/** One connection of its own. */
async function loop(path: string, pauseMs: number, then: () => void): Promise<never> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (;;) {
    if (await ask(agent, path)) then();
    else {
      failed++;
      await sleep(20);
    }
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

for (let n = 0; n < given.connections; n++) void loop("/work", 0, () => void answered++);
void loop("/ping", probePauseMs, () => void probedAt.push(performance.timeOrigin + performance.now()));
parentPort?.on("message", () => {
  parentPort?.postMessage({ answered, failed, probedAt } satisfies Heard);
  answered = 0;
  failed = 0;
  probedAt = probedAt.slice(-1);
});
