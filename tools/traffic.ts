import { parseArgs } from "node:util";
import { cloudView } from "../lib/contract/index.ts";
import { explain, Failure } from "./kit/failure.ts";
import { clientOf } from "./operator/client.ts";
import { trafficSource } from "./traffic/source.ts";

/**
 * `tools/traffic.ts [--rate N]`: requests to the web servers of the running server's applications, so that people see what a failure
 * costs. Only this machine and its lab are asked. `npm start` runs it.
 */

const most = 200;
const stopping = new AbortController();
const { signal } = stopping;
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stopping.abort());

const say = (words: string) => console.log(`traffic: ${words}`);

function readRate(): number {
  const { rate = "20" } = parseArgs({ options: { rate: { type: "string" } } }).values;
  const perSecond = Number(rate);
  if (Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= most) return perSecond;
  throw new Failure(`--rate ${rate} is no number of requests per second.`, `Choose one from 1 to ${most}.`);
}

try {
  const perSecond = readRate();
  const client = clientOf(process.env, { signal, timeoutMs: 5000 });
  const { simulated } = await client.ask("GET", "/cloud", cloudView);
  if (simulated) say("SIMULATED cloud: it has no network, and its server says itself what its guests answer");
  else await trafficSource({ client, perSecond, say, signal });
} catch (error) {
  if (!signal.aborted) {
    console.error(explain(error));
    process.exitCode = 1;
  }
}
