import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { runOnHost } from "../../lab/index.ts";
import type { CheckpointId } from "../../lib/model/index.ts";
import { until } from "../stack/enrol.ts";
import { sameAs, type Values, whole } from "./flags.ts";
import { openCopy } from "./saved/copies.ts";
import type { ChildGiven, ChildSays } from "./saved/engine-child.ts";
import { leftovers } from "./saved/leftovers.ts";
import { openSavingLab } from "./saved/saving-lab.ts";
import { watchStops } from "./saved/stops.ts";
import { count, guestMemoryMiB, type Load, loadFlags, startWorkload } from "./saved/workload.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

const victims = ["store", "engine", "agent"] as const;
type Victim = (typeof victims)[number];
const generations = 3;
const leastGuestMiB = 160;
const afterBeginMs = 1_500;
const beginMs = 60_000;
const againMs = 120_000;
const killAgent =
  'for p in /proc/[0-9]*; do tr "\\0" " " < "$p/cmdline" 2>/dev/null | grep -q "belay-agent.mjs $" && kill -9 $(basename "$p"); done; true';

/** The process that is killed, and what it said of checkpoints: those that it called whole and did not begin to drop must be there. */
function openEngine(given: ChildGiven, log: BenchContext["log"]) {
  const whole = new Set<CheckpointId>();
  let [begun, done, failed, dropped] = [0, 0, 0, 0];
  let storePid: number | undefined;
  let child: ChildProcess | undefined;
  const hear = (it: ChildSays) => {
    if (it.kind === "store") storePid = it.pid;
    else if (it.kind === "begin") begun++;
    else if (it.kind === "ok") whole.add(it.id);
    else if (it.kind === "dropping") {
      dropped += it.ids.length;
      for (const id of it.ids) whole.delete(id);
    }
    if (it.kind === "ok") done++;
    if (it.kind === "failed") failed++;
  };
  return {
    whole,
    counts: () => ({ begun, done, failed, dropped }),
    storePid: () => storePid,
    start() {
      const program = path.join(import.meta.dirname, "saved/engine-child.ts");
      child = spawn(process.execPath, [program, JSON.stringify(given)], { stdio: ["pipe", "pipe", "pipe"] });
      child.stdin?.on("error", () => undefined);
      let noise = 0;
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        if (noise++ < 3) log(`  engine: ${text.trim().split("\n")[0]?.slice(0, 200)}`);
      });
      if (child.stdout !== null)
        createInterface({ input: child.stdout }).on("line", (line) => hear(JSON.parse(line) as ChildSays));
    },
    async kill() {
      const ending = child && child.exitCode === null && child.signalCode === null ? once(child, "exit") : undefined;
      child?.kill("SIGKILL");
      await ending;
    },
  };
}

const flags = {
  kills: whole("N", 200, "how often something is killed"),
  runs: sameAs("kills"),
  ...loadFlags(24, 2),
};

async function run(context: BenchContext, given: Values<typeof flags>) {
  const { log, onEnd } = context;
  const kills = given.runs ?? given.kills;
  const load: Load = { memoryMiB: given.memory, dirtyMiBps: given.dirty };
  const saving = await openSavingLab(context, 1);
  const host = saving.hosts[0];
  if (host === undefined) throw new Error("the lab has no host");
  const memoryMiB = Math.max(leastGuestMiB, guestMemoryMiB(load));
  const vm = await saving.addGuest({ name: "shop", host: host.name, memoryMiB });
  const { address } = vm.guest;
  await startWorkload(address, load);
  await count(address, 2);
  await saving.kept.stop(); // the child's has it from here on
  const stops = await watchStops(saving, host, vm.guest.uuid, onEnd);
  const storeDir = path.join(saving.dir, "store");
  const known = { id: vm.id, uuid: vm.guest.uuid, name: vm.guest.name };
  const engine = openEngine({ storeDir, identityFile: saving.identityFile, host, vm: known, generations }, log);
  engine.start();
  onEnd(() => engine.kill());

  let stuck = 0;
  const killed: Record<Victim, number> = { store: 0, engine: 0, agent: 0 };
  const missing = new Set<CheckpointId>();
  const damaged = new Set<CheckpointId>();
  const look = async () => {
    await engine.kill();
    const store = saving.openStoreAgain();
    try {
      const held = await store.store.list(vm.id);
      const there = new Set<string>(held.map(({ facts }) => facts.checkpoint));
      for (const id of engine.whole) if (!there.has(id)) missing.add(id);
      for (const { facts } of held)
        if (!(await store.store.verify(facts.checkpoint))) damaged.add(facts.checkpoint as CheckpointId);
    } finally {
      await store.stop();
    }
  };
  for (let kill = 1; kill <= kills; kill++) {
    const before = engine.counts();
    const begins = async () => {
      const { begun, dropped } = engine.counts();
      return begun > before.begun || dropped > before.dropped ? true : undefined;
    };
    await until("a capture, or a drop, begins", begins, 5, beginMs);
    await sleep(Math.random() * afterBeginMs);
    const victim = victims[Math.floor(Math.random() * victims.length)] ?? "store";
    killed[victim]++;
    if (victim === "agent") await runOnHost(saving.name, host.name, ["sh", "-c", killAgent]);
    else if (victim === "engine") {
      await engine.kill();
      engine.start();
    } else
      try {
        process.kill(engine.storePid() ?? 0, "SIGKILL");
      } catch {
        // it is dead, and being started again
      }
    // What was left does not keep the next one from being taken.
    const taken = async () => (engine.counts().done > before.done ? true : undefined);
    await until("a capture after the kill", taken, 20, againMs).catch(() => void stuck++);
    if (kill % 20 === 0 || kill === kills) {
      await look();
      if (kill < kills) engine.start();
      log(
        `${kill}/${kills}: ${JSON.stringify({ ...engine.counts(), missing: missing.size, damaged: damaged.size, over1s: stops.over(1_000) })}`,
      );
    }
  }

  // From here on nobody is killed: what is held is restored for real, and what was left is looked for.
  const store = saving.openStoreAgain();
  onEnd(() => store.stop());
  const after = saving.withStore(store.store);
  onEnd(() => after.close());
  const held = await after.held(vm);
  let [unrestorable, torn] = [missing.size + damaged.size, 0];
  for (const [at, { id }] of held.entries())
    try {
      const copy = await openCopy({ ...saving, checkpoints: after }, vm, id, at + 1);
      const counted = await copy.counted();
      if (counted.torn > 0) torn++;
      await copy.end();
    } catch (error) {
      unrestorable++;
      log(`${id} could not be restored: ${error instanceof Error ? error.message : String(error)}`);
    }
  const last = await saving.capture(vm, "background", held[0]?.id ?? null, after);
  const left = await leftovers(saving.name, host.name, vm.guest.name);
  const find = async (script: string) =>
    (await runOnHost(saving.name, host.name, ["sh", "-c", script])).stdout.split("\n").filter(Boolean);
  const disks = await find("find /srv/belay-shared /var/lib/libvirt/images -name '*.belay-*'");
  const images = await find("find /dev/shm/belay -type f 2>/dev/null");
  left.push(...disks.map((file) => `image ${file}`));
  await after.drop([...held.map(({ id }) => id), last.id]);
  await store.store.collect();
  const segments = await readdir(path.join(storeDir, "segments"));
  left.push(...segments.map((file) => `segment ${file}`));
  const lockStep = await count(address, 2);
  return {
    ...load,
    ...{ kills, killed, ...engine.counts() },
    nothingTakenAfterKill: stuck,
    unrestorable,
    unrestorableParts: { missing: missing.size, damaged: damaged.size },
    restoredAtTheEnd: held.length,
    torn,
    leftPausedOver1s: stops.over(1_000),
    stoodMs: summary(stops.all(), 1),
    stoodMeans:
      "from libvirt's word that the guest is paused to its word that it runs, over another connection than the engine's",
    leaked: left.length,
    left: left.slice(0, 20),
    memoryImagesUntilNextRestore: images.length,
    leakedMeans:
      "after one more capture: bitmaps beyond the newest one's and its base's, block nodes, jobs, capabilities and files on the host, images of disks; and segments of the store when every checkpoint was dropped",
    guestStepsInLockStep: lockStep.ram,
    target: "unrestorable = 0, leftPausedOver1s = 0, leaked = 0, torn = 0, nothingTakenAfterKill = 0",
  };
}

export const bench = measurement({
  name: "store-crash",
  summary:
    "the store's process, the engine's side and the agent on the host are killed at random during captures and retention: what can be restored then, how long the guest stood, what was left behind",
  ...{ flags, run },
});
