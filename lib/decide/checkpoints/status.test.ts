import { describe, expect, test } from "vitest";
import type { Checkpoint } from "../../model/index.ts";
import { aHost, aVm, checkpointNumber, hostNumber, vmNumber } from "../testing/clouds.ts";
import { obstacleTo, type StatusQuestion, statusOf } from "./status.ts";

const now = 1_000_000_000;
const checkpoint = (n: number, secondsAgo: number, over: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{ id: checkpointNumber(n), vmId: vmNumber(1), at: now - secondsAgo * 1_000, method: "background", state: "valid" },
  ...{ generation: 0, runId: 1, pauseMs: 20, tookMs: 600, wholeBytes: 100, changedBytes: 10, storedBytes: 5 },
  ...{ verifiedAt: null, kept: false, words: "" },
  ...over,
});
const offer = { method: "background", words: "The best.", lazy: true } as const;
const status = (over: Partial<StatusQuestion> = {}) =>
  statusOf({
    vm: aVm(1, hostNumber(1)),
    ...{
      everyMs: 5_000,
      leastEveryMs: 1_000,
      offer,
      obstacle: null,
      storeFull: false,
      lastFailure: null,
      unbroken: true,
      groupRefusal: null,
    },
    checkpoints: [checkpoint(1, 3), checkpoint(2, 8, { pauseMs: 40, tookMs: 800 })],
    ...{ standby: null, now, sinceMs: 3_000 },
    ...over,
  });

describe("how a VM is really saved", () => {
  test("as was chosen", () => {
    expect(status()).toEqual({
      ...{ vmId: vmNumber(1), offer, lastAt: now - 3_000, keptEveryMs: 5_000, trouble: null, standby: null },
      ...{ costMs: 30, tookMs: 700 },
    });
  });
  const slow = [checkpoint(1, 1, { tookMs: 6_200 }), checkpoint(2, 8)];
  test.each<[string, Partial<StatusQuestion>, RegExp | null]>([
    ["nothing yet", { checkpoints: [] }, /Nothing of it is saved yet/],
    ["only what is damaged", { checkpoints: [checkpoint(1, 3, { state: "damaged" })] }, /Nothing of it/],
    ["more rarely, since it takes longer", { checkpoints: slow }, /takes 6 s, longer than the chosen 5 s.*every 7 s/],
    [
      "more rarely, since others come first",
      { checkpoints: [checkpoint(1, 1), checkpoint(2, 9)] },
      /Other VMs.*every 8 s/,
    ],
    ["after a pause, which is no slowness", { checkpoints: slow, unbroken: false }, null],
    ["long ago", { checkpoints: [checkpoint(1, 30)] }, /older than was chosen/],
    ["long ago, and a clock was set back", { sinceMs: 60_000 }, /older than was chosen/],
    [
      "not now, its host is away",
      { obstacle: "Its host is not connected." },
      /not connected\. Nothing is saved meanwhile/,
    ],
    [
      "not now, and it is off as its owner wants",
      { obstacle: "It does not run.", vm: { ...aVm(1, hostNumber(1)), wanted: "stopped", state: "stopped" } },
      null,
    ],
    ["not at all: no way works", { offer: { method: null, words: "VFIO blocks it.", lazy: false } }, /VFIO/],
    ["not now, the store is full", { storeFull: true }, /full/],
    ["not, for the last try failed", { lastFailure: "The saving was cut short." }, /cut short/],
    ["more rarely, by the provider's limits", { leastEveryMs: 10_000 }, /allows by now.*every 10 s/],
    ["together, and its group does not go back", { groupRefusal: "One of its VMs is not saved." }, /group.*not saved/],
    ["not any more", { everyMs: null, checkpoints: [], storeFull: true }, null],
  ])("%s", (_, over, trouble) => {
    const found = status(over).trouble;
    if (trouble === null) expect(found).toBeNull();
    else expect(found).toMatch(trouble);
  });
});

describe("what keeps a VM from being saved", () => {
  const vm = aVm(1, hostNumber(1));
  test.each([
    ["nothing", vm, aHost(1), undefined],
    ["nothing, while people work on its host", vm, aHost(1, { standing: "maintenance" }), undefined],
    ["its host is silent", vm, aHost(1, { state: "silent" }), /not connected/],
    ["nobody hears of its host", vm, aHost(1, { health: "red" }), /not connected/],
    ["its host was removed", vm, undefined, /not connected/],
    ["its host is fenced", vm, aHost(1, { standing: "fenced" }), /not in use/],
    ["it is on its way", { ...vm, movingTo: hostNumber(2) }, aHost(1), /moved/],
    ["it is off", { ...vm, state: "stopped" as const }, aHost(1), /does not run/],
  ] as const)("%s", (_, asked, host, words) => {
    const found = obstacleTo(asked, host);
    if (words === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(words);
  });
  test("it does not answer any more", () => {
    expect(obstacleTo(vm, aHost(1), true)).toMatch(/not answer/);
  });
});
