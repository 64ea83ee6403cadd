import { describe, expect, test } from "vitest";
import { can } from "./can.ts";
import { checkpointNews } from "./checkpoint-news.ts";
import {
  type CheckpointStatus,
  checkpointCaveats,
  checkpointEveryMsOf,
  tellCheckpointsEveryMs,
  withinCheckpointLimits,
} from "./checkpoints.ts";
import type { Viewer } from "./entities.ts";
import { idSource } from "./ids.ts";

const ids = idSource(() => 1_700_000_000_000, Math.random);
const [aster, birch, belay] = [ids.next("org"), ids.next("org"), ids.next("org")];
const viewer = (role: Viewer["role"], organizationId: Viewer["organizationId"]): Viewer => ({
  ...{ userId: null, name: "it", organizationId, role },
});
const owner = viewer("customer", aster);
const other = viewer("customer", birch);
const provider = viewer("provider", belay);

describe("the interval that was chosen", () => {
  test.each([
    [null, undefined, null],
    [7000, undefined, 7000],
    [0, undefined, null],
    [null, { mode: "provider", checkpointEveryMs: 60_000 }, 60_000],
    [null, { mode: "collaborative", checkpointEveryMs: null }, null],
    [7000, { mode: "collaborative", checkpointEveryMs: 60_000 }, 7000],
    [0, { mode: "provider", checkpointEveryMs: 60_000 }, null],
    [7000, { mode: "customer", checkpointEveryMs: null }, null],
    [7000, { mode: "none", checkpointEveryMs: 60_000 }, null],
  ] as const)("of a VM with %s in %o is %s", (checkpointEveryMs, application, everyMs) => {
    expect(checkpointEveryMsOf({ checkpointEveryMs }, application)).toBe(everyMs);
  });

  test.each([
    [1000, 5000],
    [7000, 7000],
    [90_000, 60_000],
  ])("%i is, within 5 s and a minute, %i", (chosen, holds) => {
    expect(withinCheckpointLimits(chosen, { checkpointLeastMs: 5000, checkpointMostMs: 60_000 })).toBe(holds);
  });
});

describe("who may go back", () => {
  const vm = {
    organizationId: aster,
    consent: "restart-vm",
    rollbackIntolerant: false,
    checkpointGroup: null,
  } as const;
  test.each([
    ["its owner, whatever they consented to", owner, vm, true],
    ["another customer", other, vm, "somebody else"],
    ["the provider without consent", provider, vm, "does not allow"],
    ["the provider with consent", provider, { ...vm, consent: "roll-back" }, true],
    ["the provider with more consent", provider, { ...vm, consent: "recreate" }, true],
    ["the provider of a VM of nobody's", provider, { ...vm, organizationId: null }, true],
    ["the provider of its own", provider, { ...vm, organizationId: belay }, true],
    ["its owner, where it is of a group", owner, { ...vm, checkpointGroup: "mpi" }, "the group mpi"],
    ["its owner, where it must never", owner, { ...vm, rollbackIntolerant: true }, "never go back"],
    ["the provider, where it must never", provider, { ...vm, consent: "recreate", rollbackIntolerant: true }, "never"],
  ] as const)("%s", (_, who, what, answer) => {
    const may = can.goBack(who, what);
    if (answer === true) expect(may).toBe(true);
    else expect(may).toContain(answer);
  });

  test("only from what is whole, and only what runs is saved", () => {
    expect(can.restoreFrom({ state: "valid" })).toBe(true);
    expect(can.restoreFrom({ state: "damaged" })).toContain("checksum");
    expect(can.takeCheckpoint(owner, { ...vm, state: "running" })).toBe(true);
    expect(can.takeCheckpoint(owner, { ...vm, state: "stopped" })).toContain("runs");
    expect(can.takeCheckpoint(other, { ...vm, state: "running" })).toContain("somebody else");
  });
});

test("caveats say what saved states are not good for", () => {
  const vm = { consent: "roll-back", rollbackIntolerant: false, checkpointEveryMs: 7000 } as const;
  expect(checkpointCaveats(vm, undefined)).toEqual([]);
  expect(checkpointCaveats(vm, { mode: "none", checkpointEveryMs: null })).toHaveLength(1);
  expect(checkpointCaveats({ ...vm, rollbackIntolerant: true }, undefined)[0]).toContain("beside");
  expect(checkpointCaveats({ ...vm, consent: "relocate" }, undefined)[0]).toContain("call for it");
});

describe("news of a status", () => {
  const known: CheckpointStatus = {
    ...{ vmId: ids.next("vm"), lastAt: 1000, keptEveryMs: 7000, trouble: null, standby: null, costMs: 20, tookMs: 400 },
    offer: { method: "background", words: "It works.", lazy: true },
  };
  test.each<[string, Partial<CheckpointStatus>, "none" | "quiet" | "loud", string]>([
    ["the same", {}, "none", ""],
    ["a newer one", { lastAt: 8000 }, "quiet", "newer"],
    ["another cost", { costMs: 21, tookMs: 500, keptEveryMs: 7001 }, "quiet", ""],
    ["none left", { lastAt: null }, "loud", "no saved state"],
    ["trouble", { trouble: "The store is full." }, "loud", "The store is full."],
    [
      "another method",
      { offer: { method: "stop", words: "QEMU is old.", lazy: false } },
      "loud",
      "(stop): QEMU is old.",
    ],
    ["no method", { offer: { method: null, words: "No.", lazy: false } }, "loud", "cannot be saved"],
    ["not known how", { offer: null }, "loud", "not known"],
    ["a replica", { standby: { ready: true, words: "It stands by." } }, "loud", "It stands by."],
  ])("%s", (_, to, news, words) => {
    const heard = checkpointNews(known, { ...known, ...to });
    expect(heard.news).toBe(news);
    expect(heard.words).toContain(words);
  });

  test("the first of all, and the end of a trouble and of a replica, are told", () => {
    expect(checkpointNews(undefined, { ...known, offer: null, lastAt: null })).toEqual({
      ...{ news: "loud", words: "nothing of it was saved yet." },
    });
    const bad = { ...known, trouble: "Full.", standby: { ready: true, words: "It stands by." }, lastAt: null };
    const { news, words } = checkpointNews(bad, known);
    expect(news).toBe("loud");
    expect(words).toMatch(/as was chosen.*no replica.*first saved state/);
  });

  test("newer times of a large cloud are told less often: ten events a second at most", () => {
    for (const vms of [0, 1, 50, 1000, 5000]) {
      expect(tellCheckpointsEveryMs(vms)).toBeGreaterThanOrEqual(5000);
      expect((vms / tellCheckpointsEveryMs(vms)) * 1000).toBeLessThanOrEqual(10);
    }
  });
});
