import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connect, QmpError } from "../../../libvirt/index.ts";
import { FakeHost } from "../../../libvirt/testing/index.ts";
import { WorkFiles } from "../work-files.ts";
import { resetCapabilities } from "./migration.ts";
import { markOf, markText, mayStartSaved, restoreSaved, savedMarkOf, saveFileOf } from "./saved.ts";

const uuid = "11111111-2222-4333-8444-555555555555";
/** libvirt's numbers for what a domain is doing. */
const job = { none: 0, unbounded: 2 };

let files: WorkFiles;
beforeEach(async () => {
  files = new WorkFiles(await mkdtemp(path.join(tmpdir(), "belay-saved-")));
});
afterEach(() => rm(files.dir, { recursive: true, force: true }));

/** A guest that libvirt is just saving: `calledOff` says whether that can be ended, asked at each try. */
async function saving(calledOff: () => boolean) {
  const host = new FakeHost();
  const domain = host.add("g1", uuid);
  Object.assign(domain, { id: 1, state: "running", reason: "booted" });
  let doing = job.unbounded;
  const restored: string[] = [];
  host.server.handle({
    domain_get_job_stats: () => ({ type: doing, params: [] }),
    domain_abort_job: () => {
      if (calledOff()) doing = job.none;
    },
    domain_get_metadata: () => ({ metadata: '<belay:vm xmlns:belay="urn:belay:vm:1" generation="2"/>' }),
    domain_restore: ({ from }) => {
      restored.push(from);
    },
  });
  const hostRun = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const mark = markText({ hostRun, persistent: true, generation: 2 });
  await files.mark(savedMarkOf(files, uuid), mark);
  await writeFile(saveFileOf(files, uuid), "half of its memory");
  const restore = () =>
    restoreSaved({ uuid }, files, false, {
      connect: () => connect({ dialer: host.server.dialer(), keepalive: false }),
      withinMs: 150,
    });
  const savedNow = () => {
    doing = job.none;
    host.become(domain, "shutoff", "saved", "stopped", "saved");
  };
  return { restore, restored, savedNow };
}
const left = async () => (await files.list()).sort();

test("a save that was begun is called off, and the mark goes with it: the guest has run on", async () => {
  let tries = 0;
  const { restore, restored } = await saving(() => ++tries > 1);
  expect(await restore()).toBe(false);
  expect(restored).toEqual([]);
  expect(await left()).toEqual([`${uuid}.save`]);
});

test("one that cannot be called off keeps its mark and its file: they are all there is once it ends the guest", async () => {
  const { restore, restored, savedNow } = await saving(() => false);
  await expect(restore()).rejects.toThrow("being saved still");
  expect(await left()).toEqual([`${uuid}.save`, `${uuid}.saved`]);
  savedNow(); // the disk came back
  expect(await restore()).toBe(true);
  expect(restored).toEqual([saveFileOf(files, uuid)]);
  expect(await left()).toEqual([`${uuid}.save`]);
});

test("starts a guest from what was saved only where nobody can have run it since", () => {
  const saved = { hostRun: "run", persistent: true, generation: 2 };
  const may = (state: "shutoff" | "running", reason: string, now = "run", generation = 2) =>
    mayStartSaved(saved, now, { status: { state, reason }, generation }, false);
  const transient = { ...saved, persistent: false };
  // The host let go of it, and it may run elsewhere.
  expect([true, false].map((ours) => mayStartSaved(saved, "run", undefined, ours))).toEqual([false, false]);
  expect(mayStartSaved(transient, "run", undefined, false)).toBe(false);
  expect(mayStartSaved(transient, "run", undefined, true)).toBe(true); // the save itself made libvirt forget it
  expect(mayStartSaved(transient, "later", undefined, true)).toBe(false);
  expect(may("shutoff", "saved", "run", 3)).toBe(false); // it was away, and came back
  for (const mark of [saved, transient]) expect(markOf(markText(mark))).toEqual(mark);
  expect(["saved", "failed", "unknown"].map((reason) => may("shutoff", reason))).toEqual([true, true, true]);
  expect(["shutdown", "destroyed", "crashed", "migrated"].some((reason) => may("shutoff", reason))).toBe(false);
  expect(may("shutoff", "saved", "later")).toBe(false);
  expect(may("running", "booted")).toBe(false);
});

test("capabilities of ours that are on are switched off; one that QEMU keeps on is not passed over", async () => {
  const on = new Set(["x-ignore-shared", "events"]);
  const asked: string[] = [];
  let refuses = false;
  const qmp = async (command: string, args: object = {}) => {
    if (command === "query-migrate-capabilities")
      return ["background-snapshot", "x-ignore-shared", "events"].map((capability) => ({
        capability,
        state: on.has(capability),
      }));
    if (refuses) throw new QmpError(command, "GenericError", "There's a migration process in progress");
    asked.push(JSON.stringify(args));
    return {};
  };
  await resetCapabilities({ qmp });
  expect(asked).toEqual(['{"capabilities":[{"capability":"x-ignore-shared","state":false}]}']);
  refuses = true;
  await expect(resetCapabilities({ qmp })).rejects.toThrow("migration process in progress");
  on.delete("x-ignore-shared");
  await resetCapabilities({ qmp }); // nothing is on: nothing is asked
});
