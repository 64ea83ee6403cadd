import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { acknowledged, startVisitors, type Visit } from "../auction/visitors.ts";
import { until } from "../stack/enrol.ts";
import { someOf, type Values, whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { aloneDescription } from "./together/auction-alone.ts";
import { type AuctionLab, openAuctionLab } from "./together/auction-lab.ts";
import { inVm } from "./together/auction-ssh.ts";
import { type BenchContext, measurement } from "./types.ts";

const withinMs = 5 * 60_000;
const lookEveryMs = 100;
const tables = ["bids", "purchases", "comments", "items", "users"] as const;
/** What the manager may do: the database is recorded where it may be replayed, so that is allowed each time. */
const techniques = {
  restartServer: ["restart-server", "replay-server"],
  replayServer: ["replay-server"],
  rebuildVm: ["replay-server", "rebuild-vm"],
} as const;
type Technique = keyof typeof techniques;

async function answers(address: string, page: string): Promise<boolean> {
  const reply = await fetch(`http://${address}${page}`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  await reply?.arrayBuffer().catch(() => undefined);
  return reply?.ok === true;
}

/** A manager that may do this alone, on the same state. */
async function allowOnly(lab: AuctionLab, technique: Technique): Promise<void> {
  await lab.stopManager();
  await writeFile(lab.staged.file, aloneDescription(techniques[technique], ["pages", "entrance"]));
  await lab.startManager();
  // It must have recorded and saved before it can replay.
  await sleep(5_000);
}

/** Its process is killed, without a goodbye: until its page is answered again. */
async function restarted(lab: AuctionLab): Promise<number> {
  const address = await lab.address("shop");
  await inVm(lab.staged.stateDir, address, (vm) => vm.run("killall -9 apache2"));
  const killedAt = Date.now();
  await until(
    "the web server answers",
    async () => ((await answers(address, "/about")) ? true : undefined),
    lookEveryMs,
    withinMs,
  );
  return Date.now() - killedAt;
}

/** Until a page that needs the database is answered, from the database that is in place then. */
async function storeBack(lab: AuctionLab, killedAt: number): Promise<number> {
  const address = await lab.address("shop");
  await until(
    "the database is out",
    async () => ((await answers(address, "/regions")) ? undefined : true),
    lookEveryMs,
    withinMs,
  );
  await until(
    "the database answers",
    async () => ((await answers(address, "/regions")) ? true : undefined),
    lookEveryMs,
    withinMs,
  );
  return Date.now() - killedAt;
}

/** What the site acknowledged, and the database does not have. */
async function lostOf(lab: AuctionLab, visits: readonly Visit[], prefix: string): Promise<readonly string[]> {
  const address = await lab.address("store");
  const statement = tables
    .map((table) => `SELECT token FROM ${table} WHERE token LIKE '${prefix}-%'`)
    .join(" UNION ALL ");
  const rows = await inVm(lab.staged.stateDir, address, (vm) => vm.sql("database", `USE auction; ${statement}`));
  const there = new Set(rows.map(([token]) => token));
  return visits
    .filter(acknowledged)
    .flatMap(({ write }) => write ?? [])
    .filter(({ token }) => !there.has(token))
    .map(({ token, table }) => `${token} in ${table}`);
}

async function underWrites<T>(lab: AuctionLab, prefix: string, work: () => Promise<T>) {
  const load = startVisitors({ address: await lab.address("shop"), visitors: 2, thinkMs: 300, writes: 0.8, prefix });
  await sleep(5_000);
  try {
    const result = await work();
    await sleep(2_000);
    await load.stop();
    const visits = load.take();
    return { result, acknowledged: visits.filter(acknowledged).length, lost: await lostOf(lab, visits, prefix) };
  } finally {
    await load.stop();
  }
}

/** The process is killed and its data are thrown away: only the save and the recording are left, which the manager has. */
const lostDisk = "killall -9 mariadbd; sleep 0.2; rm -rf /var/lib/mysql/*";

const flags = {
  runs: whole("N", 5, "how often each fails"),
  only: someOf(["restartServer", "replayServer", "rebuildVm"], "only these"),
};

async function run(context: BenchContext, { runs, only }: Values<typeof flags>) {
  const { log, signal } = context;
  const runsOf = (technique: Technique) => (only.includes(technique) ? runs : 0);
  const lab = await openAuctionLab(context, "prepared", {
    ...{ name: "alone", mode: "customer", description: aloneDescription(techniques.restartServer) },
  });
  const ms: Record<Technique, number[]> = { restartServer: [], replayServer: [], rebuildVm: [] };
  const lost: Record<"replayServer" | "rebuildVm", string[]> = { replayServer: [], rebuildVm: [] };
  const failed: string[] = [];
  let written = 0;
  const attempt = async (technique: Technique, run: number, work: () => Promise<number>) => {
    signal.throwIfAborted();
    try {
      const took = await work();
      ms[technique].push(took);
      log(`${technique} ${run}/${runs}: ${took} ms`);
    } catch (error) {
      signal.throwIfAborted();
      failed.push(`${technique} ${run}: ${error instanceof Error ? error.message : String(error)}`);
      log(`LOST: ${failed.at(-1)}`);
    }
    await sleep(15_000, undefined, { signal }); // what sensors saw of it is over
  };
  const stateful = (technique: "replayServer" | "rebuildVm", run: number, fail: () => Promise<number>) =>
    attempt(technique, run, async () => {
      const prefix = `${technique.slice(0, 3)}${run}`;
      const seen = await underWrites(lab, prefix, async () => storeBack(lab, await fail()));
      written += seen.acknowledged;
      lost[technique].push(...seen.lost);
      return seen.result;
    });

  await sleep(5_000);
  for (let n = 1; n <= runsOf("restartServer"); n++) await attempt("restartServer", n, () => restarted(lab));
  if (runsOf("replayServer") > 0) await allowOnly(lab, "replayServer");
  for (let n = 1; n <= runsOf("replayServer"); n++)
    await stateful("replayServer", n, async () => {
      await inVm(lab.staged.stateDir, await lab.address("store"), (vm) => vm.run(lostDisk));
      return Date.now();
    });
  if (runsOf("rebuildVm") > 0) await allowOnly(lab, "rebuildVm");
  for (let n = 1; n <= runsOf("rebuildVm"); n++) await stateful("rebuildVm", n, () => lab.kill("store"));
  return {
    restartServer: { repairMs: summary(ms.restartServer) },
    replayServer: {
      repairMs: summary(ms.replayServer),
      lostAcknowledgedWrites: lost.replayServer.length,
      lost: lost.replayServer,
    },
    rebuildVm: {
      repairMs: summary(ms.rebuildVm),
      lostAcknowledgedWrites: lost.rebuildVm.length,
      lost: lost.rebuildVm,
    },
    acknowledgedWrites: written,
    failedRuns: failed,
    spans:
      "from the failure (process killed; process killed and data removed; QEMU killed) until the page that needs it is answered again",
    target: "every technique repairs, replayServer.lostAcknowledgedWrites = 0",
  };
}

export const bench = measurement({
  name: "customer",
  summary:
    "what the customer's manager repairs alone, mode customer: a killed web server restarted, a lost database replayed, a killed VM made anew with its state",
  ...{ flags, run },
});
