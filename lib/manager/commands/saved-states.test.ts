import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createApi } from "../api/index.ts";
import { sayingHands, shop } from "../finish/testing/shop.ts";
import { memoryJournal, openJournal } from "../journal/index.ts";
import { vmRecords } from "../provision/index.ts";
import { goBack, goBackBeside } from "./go-back.ts";
import type { ManagerIo } from "./io.ts";
import { managerProgram } from "./program.ts";
import { savesOf } from "./saves.ts";
import { takeNow } from "./take.ts";

const now = Date.UTC(2026, 10, 23, 6, 20);
const id = (kind: string, n: number) => `${kind}_${String(n).padStart(20, "0")}`;
const savedState = (n: number, more: object = {}) => ({
  ...{ id: id("ckp", n), vmId: id("vm", 1), at: now - n * 60_000, method: "background", state: "valid", generation: 1 },
  ...{ runId: 1, pauseMs: 1, tookMs: 1, wholeBytes: 1, changedBytes: 1, storedBytes: 1, verifiedAt: null, kept: true },
  ...{ words: "", ...more },
});

/** The provider's routes for the VM `web`, which has two saved states: the newest is damaged. */
async function world({ works = true, repaired = true, description = shop() } = {}) {
  const said: { readonly call: string; readonly key: string | null; readonly body: unknown }[] = [];
  let busy = 0;
  let looks = 0;
  let restored = false;
  const incident = () => ({
    ...{ id: id("inc", 1), layer: "vm", cause: "called-restore", certainty: "certain", state: "repaired" },
    ...{ hostId: null, vmId: id("vm", 1), partOf: null, awaits: null, organizationId: null, applicationId: null },
    ...{ tp: now, tpSource: "event", td: now, tr: null, endedAt: null, words: "Called for.", evidence: [] },
    repairs: [
      {
        ...{ id: id("rep", 1), incidentId: id("inc", 1), vmId: id("vm", 1), technique: "assisted-restart" },
        ...{ state: repaired ? "succeeded" : "handed-over", plannedAt: now, steps: [] },
        ...{ finishedAt: looks > 3 ? now : null, words: repaired ? "It was restored." : "It could not be restored." },
      },
    ],
  });
  const send = async (url: string | URL | Request, { method = "GET", headers, body }: RequestInit = {}) => {
    const route = new URL(String(url)).pathname.replace("/api/v1", "");
    const answer = (reply: unknown, status = 200) => new Response(JSON.stringify(reply), { status });
    if (method === "POST") {
      const key = new Headers(headers).get("idempotency-key");
      said.push({
        call: route.split("/").at(-1) ?? "",
        key,
        body: body == null ? undefined : JSON.parse(String(body)),
      });
      if (busy-- > 0) return answer({ error: { code: "not-available", message: "Not now." } }, 503);
      restored = route.endsWith("/restore");
      return answer({ intentId: id("int", 1) }, 202);
    }
    if (route === `/intents/${id("int", 1)}`)
      return answer({ intentId: id("int", 1), ended: looks++ > 0, ok: true, words: "It is saved." });
    if (route === "/incidents") return answer({ incidents: restored && looks++ ? [incident()] : [] });
    const checkpoints = [savedState(1, { state: "damaged" }), savedState(2)];
    const limits = { leastMs: 1, mostMs: 2 };
    return answer({ checkpoints, status: null, limits, caveats: ["Restored by its owner's call alone."] });
  };
  const records = vmRecords(memoryJournal(), description);
  await records.put("web", { vmId: id("vm", 1), allocationId: id("alc", 1), address: "198.18.0.1" });
  await records.put("db", { vmId: id("vm", 2), allocationId: id("alc", 2), address: "198.18.0.2" });
  const asked: string[] = [];
  const board: ManagerIo["board"] = { phase: (_, work) => work(() => {}), line: (text) => void asked.push(text) };
  const io = (answer?: string): ManagerIo => ({
    ...{ print: () => {}, board, env: {}, cwd: "/", signal: new AbortController().signal, program: "belay-manager" },
    ...{ failed: () => {} },
    ask:
      answer === undefined
        ? undefined
        : async (question) => {
            asked.push(question);
            return answer;
          },
  });
  const did: string[] = [];
  const hands = sayingHands((act) => void did.push(act), new Set(works ? ["page", "data"] : []));
  const stateDir = await mkdtemp(path.join(tmpdir(), "belay-go-back-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const context = { notes: memoryJournal(), stateDir };
  const work = { api: createApi("http://belay.test", "blk_x", send), description, records, hands, context };
  const makeBusy = (times: number) => {
    busy = times;
  };
  return { work, io, said, asked, did, makeBusy };
}

const quick = { now, lookEveryMs: 1, serversWithinMs: 1 };

test("what is saved is listed with its age, its state and what speaks against it", async () => {
  const { work, io } = await world();
  const { lines, next } = await savesOf(work, io(), "web", now);
  const row = `60 s ago, 2026-11-23 06:19:00 UTC memory and disks damaged ${id("ckp", 1)}`;
  expect(lines.map((line) => line.replace(/ +/g, " "))).toContain(`web ${row}`);
  expect(lines).toContain("web: Restored by its owner's call alone.");
  expect(next).toContain("belay-manager go-back FILE web newest");
  await expect(savesOf(work, io(), "wbe", now)).rejects.toMatchObject({ cure: "Name one of db, web." });
});

test("a state is taken once, under one key, however often it is asked; the end names it", async () => {
  const { work, io, said, makeBusy } = await world();
  makeBusy(1);
  const { next } = await takeNow(work, io(), "web", 1);
  expect(said.map(({ call }) => call)).toEqual(["checkpoints", "checkpoints"]);
  expect(new Set(said.map(({ key }) => key)).size).toBe(1);
  expect(next).toContain(`go-back FILE web ckp_`);
});

test("what will be lost is said before anything is called for, and a no is a no", async () => {
  const { work, io, said, asked } = await world();
  const { lines } = await goBack(work, io("n"), "web", { saved: "newest", sure: false, ...quick });
  expect(lines).toEqual(["Nothing was done."]);
  expect(asked.join()).toContain("Everything that it did in the last 2 min is lost");
  expect(asked.join()).toContain("It carries page.");
  await expect(goBack(work, io(), "web", { saved: "newest", sure: false, ...quick })).rejects.toMatchObject({
    code: "not-sure",
  });
  expect(said).toEqual([]);
});

test("it goes back to the newest that is whole, and ends when its repair has", async () => {
  const { work, io, said } = await world();
  const result = await goBack(work, io("y"), "web", { saved: "newest", sure: false, ...quick });
  expect(said).toMatchObject([{ call: "restore", body: { confirm: true } }]);
  expect(result.data).toMatchObject({ done: true, saved: id("ckp", 2), words: "It was restored." });
  expect(result.next).toContain("belay-manager run FILE");
});

test("a server that does not work after it is what to do next", async () => {
  const { work, io } = await world({ works: false });
  const { next, ok } = await goBack(work, io(), "web", { saved: id("ckp", 2), sure: true, ...quick });
  expect(next).toBe("belay-manager repair FILE page");
  expect(ok).toBe(false);
});

const kept = () => shop(", rollback: tolerated, options: { save: cat, restore: cat }");
const savedBefore = "saves/data/at";

test("a server that is saved is saved at once: what was saved of the time that was undone is not the newest", async () => {
  const { work, io, did } = await world({ description: kept() });
  await work.context.notes.remember(savedBefore, now);
  const { data } = await goBack(work, io(), "db", { saved: "newest", sure: true, ...quick });
  expect(did).toEqual(["save data"]);
  expect(data).toMatchObject({ notSaved: [] });
  expect(work.context.notes.recall(savedBefore)).not.toBe(now);
});

test("one that cannot be saved then is due at once", async () => {
  const { work, io, did } = await world({ description: kept(), works: false });
  await work.context.notes.remember(savedBefore, now);
  const { lines } = await goBack(work, io(), "db", { saved: "newest", sure: true, ...quick });
  expect(did).toEqual([]);
  expect(lines.join()).toContain("data could not be saved: down");
  expect(work.context.notes.recall(savedBefore)).toBeUndefined();
});

test("a repair that was handed over is a failure, in the provider's words", async () => {
  const { work, io } = await world({ repaired: false });
  await expect(goBack(work, io(), "web", { saved: "newest", sure: true, ...quick })).rejects.toMatchObject({
    ...{ code: "not-restored", message: "web did not go back. It could not be restored." },
  });
});

test("a VM with a server that must never go back is not called back; a copy beside it may be made", async () => {
  const { work, io, said } = await world();
  await expect(goBack(work, io(), "db", { saved: "newest", sure: true, ...quick })).rejects.toMatchObject({
    ...{ code: "must-not-go-back", field: "servers.data.rollback" },
  });
  expect(said).toEqual([]);
  await goBackBeside(work, io(), "db", { saved: "newest", beside: "db-look", lookEveryMs: 1 });
  expect(said).toMatchObject([{ call: "restore-beside", body: { name: "db-look" } }]);
});

test("nothing goes back beside a manager that runs: it would take the VM for dead", async () => {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-go-back-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = path.join(dir, "shop.yaml");
  await writeFile(
    file,
    "application: { name: shop }\nimages: { system: bare }\nvms: [{ name: web, image: system, memoryMiB: 128 }]\nservers: [{ name: page, kind: command, vm: web, port: 2 }]\n",
  );
  const running = await openJournal(path.join(dir, "state"));
  const { io } = await world();
  const env = { BELAY_URL: "http://belay.test", BELAY_KEY: "blk_x" };
  const words = ["go-back", file, "web", "newest", "--yes", "--state", path.join(dir, "state")];
  await expect(managerProgram({ ...io(), env }).parseAsync(words, { from: "user" })).rejects.toMatchObject({
    ...{ code: "already-running", message: expect.stringContaining("take web for dead") },
  });
  await running.close();
});
