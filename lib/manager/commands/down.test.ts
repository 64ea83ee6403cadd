import { expect, test } from "vitest";
import { z } from "zod";
import { stateKey } from "../agent/index.ts";
import { answered, described, world } from "../decide/testing/world.ts";
import { memoryJournal } from "../journal/index.ts";
import { vmRecords } from "../provision/index.ts";
import { takeDown } from "./down.ts";
import type { ManagerIo } from "./io.ts";

const io: ManagerIo = {
  print: () => {},
  board: { phase: (_, work) => work(() => {}), line: () => {} },
  ...{ ask: undefined, env: {}, cwd: "/nowhere", signal: new AbortController().signal },
  program: "npm run manager --",
  failed: () => {},
};

/** A manager was killed while it made `db` anew by itself, and `web` because a person ordered it. */
async function cutOff() {
  const it = world("alone: { allow: [rebuild-vm] }", "customer");
  const view = { reached: "by-none", processes: "unknown", service: "unknown" } as const;
  it.feed(1_000, { is: "server-down", server: "data", view, words: "" });
  it.feed(1_500, answered("data", 1_000, "vm"));
  it.feed(1_600, { is: "by-hand", ordered: { technique: "rebuild-vm", server: null, vm: "web" } });
  const jobs = ["alone/rebuild-vm/data/1500", "by-hand/rebuild-vm/web/1600"];
  expect(it.jobs()).toEqual(jobs);
  const description = described();
  const journal = memoryJournal();
  await journal.remember(stateKey, it.state());
  for (const key of jobs) await journal.step(`${key}/free/db`, z.undefined(), async () => {});
  return { journal, records: vmRecords(journal, description), description, kept: it.state() };
}

test.each([
  ["VMs", ["db"]],
  ["no VM any more, for it was given back when the manager was killed", []],
])("with %s, what was cut off is not gone on with after it", async (_, there) => {
  const { journal, records, description, kept } = await cutOff();
  for (const vm of there) await records.put(vm, { allocationId: `alc_${vm}` });
  const freed: string[] = [];
  const provision = {
    allocate: () => Promise.reject(new Error("nothing is asked for")),
    isThere: async () => true,
    async free(vm: string) {
      // Cut off here as well, nothing is left that would bring it back.
      expect(journal.recall(stateKey)).toEqual({ ...kept, troubles: {}, byHand: {} });
      freed.push(vm);
    },
  };
  await takeDown({ description, records, provision, journal }, io, true);
  expect(freed).toEqual(there);
  expect(journal.recall(stateKey)).toEqual({ ...kept, troubles: {}, byHand: {} });
  expect([...journal.stepKeys("alone/"), ...journal.stepKeys("by-hand/")]).toEqual([]);
});
