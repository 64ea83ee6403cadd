import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type ApplicationView,
  applicationView,
  cloudView,
  type IncidentView,
  incidentView,
  type VmView,
} from "../../lib/contract/index.ts";
import { customerKey } from "../stack/customer-key.ts";
import { freePort, type RunningServer, startServer } from "../stack/server.ts";
import { runDemo } from "../start/run-demo.ts";
import { whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { type Talker, talk } from "./together/talker.ts";
import { type BenchContext, measurement } from "./types.ts";

const organization = "Aster";
const answerWithinMs = 2_000;
const roundWithinMs = 60_000;
const spans =
  "from the incident's time of detection (taken by the engine before its transaction begins) over the commit of incident and message, NOTIFY and " +
  "the socket to the manager's receipt of vm.failed; one machine, one clock";

interface Stage {
  readonly server: RunningServer;
  readonly key: string;
  readonly signal: AbortSignal;
  application(): Promise<ApplicationView>;
  vms(): Promise<readonly VmView[]>;
}

/** Kills every VM of the application that runs, and waits until the incidents of these kills have ended. */
async function round({ server, vms, signal }: Stage): Promise<readonly IncidentView[]> {
  const until = Date.now() + roundWithinMs;
  const killed: VmView[] = [];
  const began = Date.now();
  for (const vm of await vms()) {
    if (vm.state !== "running" || vm.runId === null) continue;
    const key = { "idempotency-key": `notify-${vm.id}-${vm.runId}-${began}` };
    await server.api("POST", `/vms/${vm.id}/kill`, { runId: vm.runId }, key);
    killed.push(vm);
  }
  const ended: IncidentView[] = [];
  for (const vm of killed) {
    for (;;) {
      signal.throwIfAborted();
      const { incidents } = await server.api<{ incidents: unknown[] }>("GET", `/incidents?vmId=${vm.id}`);
      const newest = incidents.map((it) => incidentView.parse(it)).find((it) => it.td >= began);
      const settled = newest?.repairs.every((it) => it.finishedAt !== null) === true;
      if (newest !== undefined && settled && newest.state !== "open") {
        ended.push(newest);
        break;
      }
      if (Date.now() > until)
        throw new Error(`the failure of ${vm.name} was not over within ${roundWithinMs / 1000} s`);
      await sleep(100, undefined, { signal });
    }
  }
  return ended;
}

/** From detection to receipt, for each incident that this manager was told of. */
const delays = (talker: Talker, incidents: readonly IncidentView[]): number[] =>
  incidents.flatMap(({ id, td }) => {
    const told = talker.arrivals.find(({ event }) => event.subject === id && event.data.kind === "vm.failed");
    return told === undefined ? [] : [told.at - td];
  });

async function stage(context: BenchContext): Promise<Stage> {
  const { log, signal, onEnd } = context;
  const dataDir = await mkdtemp(path.join(tmpdir(), "belay-bench-notify-"));
  onEnd(() => rm(dataDir, { recursive: true, force: true }));
  const port = await freePort();
  const server = await startServer({ dataDir, port, args: [], env: { BELAY_SIMULATED: "1" }, signal });
  onEnd(() => server.stop());
  await runDemo({ PORT: String(port), BELAY_DATA: dataDir }, log, signal);
  const key = await customerKey(server.url, dataDir, organization, { name: "bench", scopes: ["read", "collaborate"] });
  const cloud = async () => cloudView.parse(await server.api("GET", "/cloud"));
  const application = async () => {
    const { organizations, applications } = await cloud();
    const owner = organizations.find(({ name }) => name === organization);
    const found = applications.find(({ organizationId }) => organizationId === owner?.id);
    if (found === undefined) throw new Error(`${organization} has no application`);
    return found;
  };
  const { id } = await application();
  await server.api("PATCH", `/applications/${id}`, {
    mode: "collaborative",
    agreement: { answerWithinMs, finishWithinMs: 30_000, fallback: "own-disk" },
  });
  applicationView.parse(await application());
  const vms = async () => (await cloud()).vms.filter(({ applicationId }) => applicationId === id);
  return { server, key, signal, application, vms };
}

export const bench = measurement({
  name: "notify",
  summary: "failure detected → message at the customer's manager, and a silent manager → the fallback at its deadline",
  flags: { runs: whole("N", 100, "failures; a fifth as many more for the silent manager") },
  async run(context, { runs }) {
    const { log, signal } = context;
    const on = await stage(context);

    const helpful = await talk({
      url: on.server.url,
      key: on.key,
      name: "helpful",
      react({ data }, say) {
        if (data.kind === "repair.proposed") say({ kind: "repair.accepted", repair: data.repair });
        if (data.kind === "vm.restarted") say({ kind: "repair.completed", repair: data.repair, words: "All is well." });
      },
    });
    const told: number[] = [];
    let killed = 0;
    const outcomes: Record<string, number> = {};
    while (killed < runs) {
      signal.throwIfAborted();
      const incidents = await round(on);
      killed += incidents.length;
      if (incidents.length === 0) await sleep(200, undefined, { signal });
      for (const { state } of incidents) outcomes[state] = (outcomes[state] ?? 0) + 1;
      told.push(...delays(helpful, incidents));
      log(`${told.length} of ${killed} failures told, of ${runs}`);
    }
    helpful.close();

    const silent = await talk({ url: on.server.url, key: on.key, name: "silent", react: () => {} });
    let proposals = 0;
    let fellBack = 0;
    const lateMs: number[] = [];
    while (proposals < Math.max(10, runs / 5)) {
      signal.throwIfAborted();
      const incidents = await round(on);
      for (const { id } of incidents) {
        const mine = silent.arrivals
          .filter(({ event }) => event.subject === id)
          .map(({ at, event }) => ({ at, ...event }));
        const proposed = mine.find(({ data }) => data.kind === "repair.proposed")?.data;
        if (proposed?.kind !== "repair.proposed") continue;
        proposals++;
        const fallback = mine.find(({ data }) => data.kind === "repair.changed" && data.state === "fallback");
        if (fallback === undefined) continue;
        fellBack++;
        lateMs.push(fallback.at - proposed.answerBy);
      }
      if (incidents.length === 0) await sleep(200, undefined, { signal });
      log(`${fellBack} fallbacks of ${proposals} proposals that nobody answered`);
    }
    silent.close();
    const { p50, p95, p99, max, samples } = summary(told);
    return {
      cloud: "SIMULATED",
      failures: killed,
      told: samples,
      ...{ p50Ms: p50, p95Ms: p95, p99Ms: p99, maxMs: max },
      spans,
      outcomes,
      silent: {
        proposals,
        fellBackPercent: (100 * fellBack) / proposals,
        answerWithinMs,
        afterDeadlineMs: summary(lateMs),
      },
    };
  },
});
