import { expect, test } from "vitest";
import {
  type AllocationView,
  allocationId,
  applicationId,
  imageId,
  organizationId,
  vmId,
} from "../../contract/index.ts";
import { createApi } from "../api/index.ts";
import { shop } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import { vmRecords } from "./records.ts";
import { createProvision } from "./vms.ts";

const act = { signal: new AbortController().signal, progress() {} };
const id = (n: number) => String(n).padStart(20, "0");

/** The provider's allocations, by HTTP as the manager asks for them. */
function world() {
  const made = new Map<string, AllocationView>();
  const byKey = new Map<string, string>();
  const asked: string[] = [];
  let fails = "";
  let freedInTime = true;
  const answer = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
  const send = async (url: string | URL | Request, { method = "GET", headers, body }: RequestInit = {}) => {
    const route = new URL(String(url)).pathname.replace("/api/v1", "");
    asked.push(`${method} ${route.replace(/[0-9]{10,}/, "…")}`);
    if (method === "POST") {
      const key = new Headers(headers).get("idempotency-key") ?? "";
      const known = made.get(byKey.get(key) ?? "");
      if (known) return answer(known);
      const n = made.size + 1;
      const view: AllocationView = {
        ...{ id: allocationId.parse(`alc_${id(n)}`), organizationId: organizationId.parse(`org_${id(1)}`) },
        ...{ applicationId: applicationId.parse(`app_${id(1)}`), imageId: imageId.parse(`img_${id(1)}`) },
        ...{ ...JSON.parse(String(body)), state: "making", address: `198.18.0.${n}`, vmId: null },
        ...{ askedAt: 0, endedAt: null, words: "It is being made." },
      };
      made.set(view.id, view);
      byKey.set(key, view.id);
      return answer(view);
    }
    if (method === "DELETE") {
      const one = [...made.values()].find(
        (view) => view.vmId !== null && route.endsWith(view.vmId) && view.state === "running",
      );
      if (!one) return answer({ error: { code: "not-found", message: "There is no such VM." } }, 404);
      made.set(one.id, { ...one, state: freedInTime ? "freed" : "freeing" });
      return answer(one);
    }
    const one = made.get(route.split("/").at(-1) ?? "");
    if (!one) return answer({ error: { code: "not-found", message: "There is none." } }, 404);
    if (one.state === "making")
      made.set(
        one.id,
        fails
          ? { ...one, state: "failed", words: fails }
          : { ...one, state: "running", vmId: vmId.parse(`vm_${one.id.slice(4)}`) },
      );
    return answer(one);
  };
  const description = shop();
  const journal = memoryJournal();
  const records = vmRecords(journal, description);
  const provision = (more: { deadlineMs?: number } = {}) =>
    createProvision({
      ...more,
      ...{
        api: createApi("http://belay.test", "blk_x", send),
        records,
        instance: "me",
        publicKey: "ssh-ed25519 A",
        pollMs: 1,
      },
      ...{ applicationId: async () => `app_${id(1)}`, imageIdOf: async () => `img_${id(1)}` },
    });
  const [db] = description.vms;
  if (!db) throw new Error("no VM");
  const fail = (words: string) => {
    fails = words;
  };
  const freeSlowly = () => {
    freedInTime = false;
  };
  return { asked, made, records, provision, db, fail, freeSlowly };
}

test("a VM is asked for once, however often; its address is known when it runs", async () => {
  const it = world();
  expect(await it.provision().allocate(it.db, act)).toEqual({ address: "198.18.0.1" });
  await it.provision().allocate(it.db, act);
  expect(it.asked.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  expect(it.records.of("db")).toBe("198.18.0.1");
});

test("cut off before the answer was written down, the next run gets the same VM", async () => {
  const it = world();
  await it.provision().allocate(it.db, act);
  await it.records.put("db", { allocationId: null, vmId: null, address: null });
  await it.provision().allocate(it.db, act);
  expect(it.made.size).toBe(1);
});

test("given back, the next one is another VM; given back twice is once", async () => {
  const it = world();
  await it.provision().allocate(it.db, act);
  const first = it.records.generationOf("db");
  await it.provision().free("db", act);
  await it.provision().free("db", act);
  expect(it.records.of("db")).toBeUndefined();
  await it.provision().allocate(it.db, act);
  expect([it.made.size, it.records.of("db")]).toEqual([2, "198.18.0.2"]);
  expect(it.records.generationOf("db")).toBeGreaterThan(first);
});

test("one that the provider has no longer is asked for anew at once", async () => {
  const it = world();
  await it.provision().allocate(it.db, act);
  expect(await it.provision().isThere("db", act)).toBe(true);
  for (const [key, view] of it.made) it.made.set(key, { ...view, state: "freed" });
  expect(await it.provision().isThere("db", act)).toBe(false);
  expect(await it.provision().allocate(it.db, act)).toEqual({ address: "198.18.0.2" });
  it.made.clear();
  expect(await it.provision().isThere("db", act)).toBe(false);
  await it.provision().free("db", act);
  await it.provision().allocate(it.db, act);
  expect(it.made.size).toBe(1);
});

test("a VM that could not be made says why, and is asked for anew by the next run", async () => {
  const it = world();
  it.fail("No place was found for it.");
  await expect(it.provision().allocate(it.db, act)).rejects.toMatchObject({
    code: "allocation-failed",
    message: expect.stringContaining("No place was found for it."),
  });
  it.fail("");
  await it.provision().allocate(it.db, act);
  expect(it.records.of("db")).toBe("198.18.0.2");
});

test("one that is not freed in time is said to be that, and not to be late in the making", async () => {
  const it = world();
  await it.provision().allocate(it.db, act);
  it.freeSlowly();
  const late = { code: "freeing-late", message: expect.stringContaining("has not freed db within") };
  const impatient = it.provision({ deadlineMs: 5 });
  await expect(impatient.free("db", act)).rejects.toMatchObject(late);
  await expect(impatient.allocate(it.db, act)).rejects.toMatchObject(late);
});
