import { expect, test } from "vitest";
import {
  type CheckpointQuestion,
  checkpointLine,
  goesBack,
  intervalOf,
  lossWords,
  noCheckpointsIn,
  restoredByHandOnly,
  savedWords,
  verifiedWords,
} from "./checkpoints.ts";
import { aCheckpointStatus, aVm } from "./testing/things.ts";

const now = 1_790_000_000_000;
const every7 = { mode: "provider", checkpointEveryMs: 7_000 } as const;
const question = (more: Partial<CheckpointQuestion> = {}): CheckpointQuestion => ({
  vm: aVm(1),
  application: every7,
  status: aCheckpointStatus(1, { lastAt: now - 4_000 }),
  toldEveryMs: 5_000,
  limits: { leastMs: 1_000, mostMs: 86_400_000 },
  ...more,
});
const status = (more: Parameters<typeof aCheckpointStatus>[1]) => ({
  status: aCheckpointStatus(1, { lastAt: now - 4_000, ...more }),
});

test.each<[string, Partial<CheckpointQuestion>, string, string]>([
  ["in time", {}, "good", "Saved 4 s ago · every 7 s · background"],
  ["less often than chosen", status({ keptEveryMs: 15_000 }), "good", "every 7 s chosen, 15 s kept"],
  [
    "told late, and that is known",
    { ...status({ lastAt: now - 60_000 }), toldEveryMs: 60_000 },
    "good",
    "Saved 1 min ago",
  ],
  [
    "the provider offers less by now",
    { limits: { leastMs: 30_000, mostMs: 86_400_000 } },
    "good",
    "every 30 s, the nearest to 7 s that is offered",
  ],
  [
    "too long ago",
    status({ lastAt: now - 60_000 }),
    "bad",
    "Not protected by checkpoints: it should be saved every 7 s. Last saved 1 min ago",
  ],
  [
    "trouble",
    status({ trouble: "The store is full." }),
    "bad",
    "Not saved as chosen: The store is full. Last saved 4 s ago.",
  ],
  [
    "trouble for long",
    status({ trouble: "The store is full.", lastAt: now - 600_000 }),
    "bad",
    "Not protected by checkpoints: The store is full. Last saved 10 min ago.",
  ],
  [
    "nothing works where it runs",
    status({ lastAt: null, offer: { method: null, words: "Its state cannot be saved here.", lazy: false } }),
    "bad",
    "Not protected by checkpoints: Its state cannot be saved here.",
  ],
  [
    "the first is on its way",
    { status: undefined, vm: aVm(1, { stateSince: now - 1_000 }) },
    "waiting",
    "is on its way",
  ],
  [
    "the first never came",
    { status: undefined, vm: aVm(1, { stateSince: now - 600_000 }) },
    "bad",
    "nothing was saved yet, though it should be every 7 s",
  ],
  ["it does not run", { vm: aVm(1, { state: "stopped" }) }, "waiting", "as soon as it runs. Last saved 4 s ago."],
  ["its owner stopped it", { vm: aVm(1, { wanted: "stopped" }) }, "waiting", "To be saved every 7 s"],
  ["off, with old ones", { vm: aVm(1, { checkpointEveryMs: 0 }) }, "off", "any more. Last saved 4 s ago."],
  ["off in this mode", { application: { ...every7, mode: "customer" }, status: undefined }, "off", "Not saved"],
])("a line where %s", (_, more, kind, words) => {
  const line = checkpointLine(question(more), now);
  expect(line.kind).toBe(kind);
  expect(`${line.label} ${line.words}`).toContain(words);
});

test("an application's VMs are counted: those that are to be saved and run", () => {
  const off = question({ vm: aVm(1, { checkpointEveryMs: 0 }) });
  const stopped = question({ vm: aVm(1, { state: "stopped" }) });
  expect(savedWords([question(), question(status({ trouble: "The store is full." })), off, stopped], now)).toBe(
    "1 of 2 VMs saved as chosen",
  );
  expect(savedWords([off, stopped], now)).toBeUndefined();
});

test.each<[string, number | null, Parameters<typeof intervalOf>[0]["application"], number | null]>([
  ["its own", 1_000, every7, 1_000],
  ["its application's", null, every7, 7_000],
  ["never, whatever its application says", 0, every7, null],
  ["its own without an application", 1_000, undefined, 1_000],
  ["none without an application", null, undefined, null],
  ["none where its owner repairs it alone", 1_000, { ...every7, mode: "customer" }, null],
])("the interval that holds: %s", (_, checkpointEveryMs, application, expected) => {
  expect(intervalOf({ vm: { checkpointEveryMs }, application })).toBe(expected);
});

test("modes without checkpoints say why, and the others do not", () => {
  expect(noCheckpointsIn("none")).toMatch(/Protection is off/);
  expect(noCheckpointsIn("customer")).toMatch(/repairs this application alone/);
  expect([noCheckpointsIn("provider"), noCheckpointsIn("collaborative")]).toEqual([undefined, undefined]);
});

test.each([
  [{ consent: "roll-back", rollbackIntolerant: false }, undefined],
  [{ consent: "roll-back", rollbackIntolerant: true }, /never goes back.*only restored beside it/],
  [{ consent: "relocate", rollbackIntolerant: false }, /does not allow that it goes back by itself/],
] as const)("who restores, of %o", (vm, words) => {
  if (words === undefined) expect(restoredByHandOnly(vm)).toBeUndefined();
  else expect(restoredByHandOnly(vm)).toMatch(words);
});

test.each<[string, Parameters<typeof aVm>[1], boolean]>([
  ["with consent and a checkpoint", { consent: "roll-back" }, true],
  ["without consent", { consent: "relocate" }, false],
  ["that must never", { consent: "roll-back", rollbackIntolerant: true }, false],
  ["that goes back with its group", { consent: "roll-back", checkpointGroup: "mpi" }, true],
  ["that is not saved", { consent: "roll-back", checkpointEveryMs: 0 }, false],
])("a VM goes back by itself: %s", (_, vm, expected) => {
  expect(goesBack({ ...question(), vm: aVm(1, vm) })).toBe(expected);
});

test("what is lost is said with the VM's name and the time, and never as nothing", () => {
  expect(lossWords("web-1", now - 95_500, now)).toMatch(/^Everything that web-1 did in the last 1 min 35 s is lost/);
  expect(lossWords("web-1", now + 10, now)).toMatch(/last 1 s is lost/);
});

test.each([
  [{ state: "valid", verifiedAt: null }, "Not verified yet"],
  [{ state: "valid", verifiedAt: now - 120_000 }, "Verified 2 min ago"],
  [{ state: "damaged", verifiedAt: now }, "Damaged"],
] as const)("verified: %o", (checkpoint, words) => {
  expect(verifiedWords(checkpoint, now)).toBe(words);
});
