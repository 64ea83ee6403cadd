import { defaultLab } from "../lab/index.ts";
import { cloudView } from "../lib/contract/index.ts";
import { demo } from "./demo/demo.ts";
import { labPlaces, simulatedPlaces } from "./demo/places.ts";
import { explain } from "./kit/failure.ts";
import { clientOf } from "./operator/client.ts";

/**
 * `tools/demo.ts`: gives the running server the hosts of the lab BELAY_LAB, or of the simulated cloud where the server says that it is
 * one, and their guests to the customers. `npm start` runs it; run again it changes nothing.
 */

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stopping.abort());

const say = (words: string) => console.log(words);
const { signal } = stopping;
try {
  const client = clientOf(process.env, { signal });
  const { simulated } = await client.ask("GET", "/cloud", cloudView);
  const places = simulated ? await simulatedPlaces(client) : await labPlaces(process.env.BELAY_LAB || defaultLab, say);
  await demo({ client, ...places, say, signal });
} catch (error) {
  if (!signal.aborted) console.error(explain(error));
  process.exitCode = signal.aborted ? 130 : 1;
}
