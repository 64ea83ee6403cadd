import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { createAgent } from "../agent/index.ts";
import { sayingHands } from "../finish/testing/shop.ts";
import { createTechniques } from "../techniques/index.ts";
import { createWorkers, type OpenOptions, openWork } from "../work/index.ts";
import { contextOf, orderOf } from "./repair.ts";

const shop = `application: { name: shop }
images: { system: bare }
vms:
  - { name: web, image: system, memoryMiB: 128 }
servers:
  - { name: page, kind: command, vm: web, port: 2 }
`;
const id = (kind: string, n: number) => `${kind}_${String(n).padStart(20, "0")}`;

/** The provider's allocations. `asked` is called for each request, and may hold it up. */
function provider(asked: (call: string, signal: AbortSignal | null | undefined) => Promise<void>) {
  const keys: string[] = [];
  const freed = new Set<number>();
  const view = (n: number) => ({
    ...{ id: id("alc", n), organizationId: id("org", 1), applicationId: id("app", 1), imageId: id("img", 1) },
    ...{ name: "web", memoryMiB: 128, vcpus: 1, apart: null, address: `198.18.0.${n}`, vmId: id("vm", n) },
    ...{ state: freed.has(n) ? "freed" : "running", askedAt: 0, endedAt: null, words: "" },
  });
  const image = { id: id("img", 1), name: "bare", words: "", sha256: "", sizeBytes: 1, format: "qcow2", path: null };
  vi.stubGlobal("fetch", async (url: string, { method, headers, signal }: RequestInit = {}) => {
    const route = new URL(url).pathname.replace("/api/v1/", "");
    await asked(`${method} ${route.replace(/\/.*/, "")}`, signal);
    if (route === "images") return new Response(JSON.stringify({ images: [image] }));
    const key = new Headers(headers).get("idempotency-key");
    if (key !== null && !keys.includes(key)) keys.push(key);
    const n = key === null ? Number(route.slice(-1)) : keys.indexOf(key) + 1;
    if (method === "DELETE") freed.add(n);
    return new Response(JSON.stringify(view(n)));
  });
  onTestFinished(() => void vi.unstubAllGlobals());
  return { keys, freed };
}

test("a VM that was given back when the manager was killed gets its successor from the next run, and is not given back again", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-killed-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(path.join(dir, "shop.yaml"), shop);

  const calls: string[] = [];
  const killed = Promise.withResolvers<void>();
  let isHeld = false;
  const { keys, freed } = provider(async (call, signal) => {
    calls.push(call);
    // The first manager gets no further than this.
    if (!isHeld || call !== "POST allocations" || !calls.includes("DELETE vms")) return;
    killed.resolve();
    await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  });

  const acts: string[] = [];
  const makeHands: OpenOptions["makeHands"] = (context) => {
    const hands = sayingHands((act) => void acts.push(act));
    const sensors = { read: async () => [], readVm: async () => [], close: async () => {} };
    return { hands, sensors, techniques: (vms) => createTechniques({ ...context, hands, vms }) };
  };
  const done = Promise.withResolvers<void>();
  const log = (words: string) => void (words === "Done: rebuild-vm of web." && done.resolve());
  async function manager(state: string) {
    const env = { BELAY_URL: "http://belay.test", BELAY_KEY: "blk_x" };
    const work = await openWork({ file: "shop.yaml", cwd: dir, state, env, log, makeHands });
    const agent = () => {
      const workers = createWorkers({ ...work, log });
      const { journal } = work;
      const made = { context: () => contextOf(work), send: () => false, source: "test", onBroken: () => {} };
      return createAgent({ ...made, journal, workers, log });
    };
    return { work, agent };
  }

  const first = await manager("first");
  const { description, journal, provision } = first.work;
  await journal.remember("application", id("app", 1));
  for (const vm of description.vms) await provision.allocate(vm, { signal: AbortSignal.timeout(5_000), progress() {} });
  isHeld = true;
  const before = first.agent();
  void before.repair(orderOf(description, "web", null), () => {}).catch(() => {});
  await killed.promise;
  // What a kill -9 leaves is what is on the disk now.
  await cp(path.join(dir, "first"), path.join(dir, "second"), { recursive: true });
  await rm(path.join(dir, "second", "lock"));
  isHeld = false;
  await before.close();
  await first.work.close();
  expect(acts).toEqual([]);

  const second = await manager("second");
  const after = second.agent();
  await done.promise;
  expect(second.work.records.of("web")).toBe("198.18.0.2");
  expect(keys).toHaveLength(2);
  expect([...freed]).toEqual([1]);
  expect(calls.filter((call) => call === "DELETE vms")).toHaveLength(1);
  expect(acts).toContain("start page");
  await after.close();
  await second.work.close();
});
