import { setTimeout as sleep } from "node:timers/promises";
import type { IncidentView } from "../../lib/contract/index.ts";
import { cloudOf } from "../stack/enrol.ts";
import type { RunningServer } from "../stack/server.ts";

const everyMs = 2_000;
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** `vmId` is null for an incident of the host itself. */
type Told = Pick<IncidentView, "state" | "words" | "td" | "endedAt"> & {
  readonly id: string;
  readonly vmId: string | null;
  readonly hostId: string | null;
};

/** One line for an incident that opened or changed. */
export function newsOf(
  before: ReadonlyMap<string, string>,
  incidents: readonly Told[],
  nameOf: (id: string) => string,
): string[] {
  return incidents
    .filter((incident) => before.get(incident.id) !== incident.state)
    .toReversed()
    .map(({ vmId, hostId, state, words, endedAt, td }) => {
      const when = clock.format(endedAt ?? td);
      const took = endedAt === null ? "" : ` after ${((endedAt - td) / 1000).toFixed(1)} s`;
      const name = nameOf(vmId ?? hostId ?? "host");
      return `${when}  ${name}: ${state}${took}. ${words.replace(`${name}: `, "")}`;
    });
}

/** Before everything that comes from the simulated cloud. */
const simulatedMark = "SIMULATED  ";

/** Says what happens while Belay runs, until the signal aborts. A question that fails is asked again: the server's end is said elsewhere. */
export async function tellNews(
  server: RunningServer,
  line: (words: string) => void,
  signal: AbortSignal,
): Promise<void> {
  let known: ReadonlyMap<string, string> | undefined;
  while (!signal.aborted) {
    const cloud = await cloudOf(server).catch(() => undefined);
    if (cloud && !signal.aborted) {
      const names = new Map<string, string>([...cloud.vms, ...cloud.hosts].map((it) => [it.id, it.name]));
      if (known)
        for (const words of newsOf(known, cloud.incidents, (id) => names.get(id) ?? id))
          line(cloud.simulated ? simulatedMark + words : words);
      known = new Map(cloud.incidents.map((incident) => [incident.id, incident.state]));
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
}
