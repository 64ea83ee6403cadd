import { describe, expect, test } from "vitest";
import { type Cause, causes, consentCovers, consentLadder } from "../../model/index.ts";
import { checkpointNumber } from "../testing/clouds.ts";
import { restorable } from "./choose.ts";
import { planElsewhere, planRollBack, type Saved } from "./plan-roll-back.ts";

const failedAt = 10 * 60 * 60_000;
/** Newest first, so many seconds before the failure; a minus in front: damaged. */
const saved = (secondsBefore: readonly number[], over: Partial<Saved> = {}): Saved => ({
  checkpoints: secondsBefore.map((it, n) => ({
    id: checkpointNumber(n),
    at: failedAt - Math.abs(it) * 1_000,
    state: it < 0 || Object.is(it, -0) ? "damaged" : "valid",
  })),
  ...{ everyMs: 7_000, failedAt, recentRepairs: 0, triedAt: null, standbyReady: false, group: undefined },
  ...over,
});
const willing = { consent: "roll-back", rollbackIntolerant: false } as const;

describe("what may be restored", () => {
  test.each<[string, Saved, Cause, number[]]>([
    ["the newest, then older ones", saved([3, 10, 17, 24]), "qemu-died", [0, 1, 2]],
    ["none that is damaged", saved([-3, 10, -17, 24]), "qemu-died", [1, 3]],
    ["none that is too old", saved([3, 15 * 60]), "qemu-died", [0]],
    ["older ones where they are taken rarely", saved([3, 30 * 60], { everyMs: 3_600_000 }), "qemu-died", [0, 1]],
    ["of a hung guest none from after it answered", saved([-0.001, 3]), "hung", [1]],
    [
      "after one repair none since it, nor the one that it took",
      saved([1, 20, 30, 40], { recentRepairs: 1, triedAt: failedAt - 20_000 }),
      "qemu-died",
      [2, 3],
    ],
    ["after one repair none where none is older", saved([1, 20], { recentRepairs: 1 }), "qemu-died", []],
    ["after two repairs none", saved([1, 20, 30], { recentRepairs: 2, triedAt: failedAt }), "qemu-died", []],
    ["nothing of nothing", saved([]), "qemu-died", []],
  ])("%s", (_, question, cause, ids) => {
    expect(restorable(question, cause)).toEqual(ids.map(checkpointNumber));
  });
  test("of a hung guest only those up to its last answer", () => {
    const question = saved([-1, 2, 5]);
    const later = { ...question, failedAt: failedAt - 3_000 };
    expect(restorable(later, "hung")).toEqual([checkpointNumber(2)]);
    expect(restorable(later, "qemu-died")).toEqual([1, 2].map(checkpointNumber));
  });
});

describe("going back to a checkpoint", () => {
  const plan = (over: Partial<Parameters<typeof planRollBack>[0]> = {}) =>
    planRollBack({ cause: "qemu-died", vm: willing, saved: saved([6, 13]), ...over });

  test("is planned for failures that lose the guest's memory, and for no other", () => {
    const back = (Object.keys(causes) as Cause[]).filter((cause) => plan({ cause }) !== undefined);
    expect(back.sort()).toEqual(["group-failed", "guest-panic", "host-lost", "hung", "qemu-died"]);
  });
  test("says how old the state is", () => {
    expect(plan()).toEqual({
      technique: "restore-checkpoint",
      words: "Restore its newest checkpoint, as of 09:59:54 UTC, 6 s before the failure.",
    });
  });
  test("needs the owner's consent, and says so where it is missing", () => {
    for (const consent of consentLadder) {
      const found = plan({ vm: { ...willing, consent } });
      const allowed = consentCovers(consent, "roll-back");
      expect(found, consent).toHaveProperty(allowed ? "technique" : "notBecause");
    }
  });
  test.each<[string, Partial<Parameters<typeof planRollBack>[0]>, RegExp]>([
    ["it must never go back", { vm: { ...willing, rollbackIntolerant: true } }, /never go back/],
    ["all are damaged", { saved: saved([-6, -13]) }, /damaged/],
    ["the newest is too old", { saved: saved([86_400]) }, /too old.*1 day before the failure|too old.*24 hours/],
    ["it did not help", { saved: saved([6], { recentRepairs: 2 }) }, /did not help/],
    [
      "it may have hung already",
      { cause: "hung", saved: { ...saved([6]), failedAt: failedAt - 60_000 } },
      /hung already/,
    ],
  ])("is not done where %s, in words", (_, over, words) => {
    expect(plan(over)).toEqual({ notBecause: expect.stringMatching(words) });
  });
  test("has nothing to do with a VM that is not saved", () => {
    expect(plan({ saved: undefined })).toBeUndefined();
    expect(plan({ saved: saved([]) })).toBeUndefined();
  });
  test("goes further back when the VM failed again soon", () => {
    const again = saved([1, 20, 30], { recentRepairs: 1, triedAt: failedAt - 20_000 });
    expect(plan({ saved: again })).toMatchObject({ words: expect.stringMatching(/older checkpoint.*30 s before/) });
  });
});

describe("coming back elsewhere", () => {
  test.each([
    ["from its replica", saved([6], { standbyReady: true }), willing, "standby"],
    ["from its newest checkpoint", saved([6]), willing, "restore-checkpoint"],
    ["from its disk where nothing is saved", undefined, willing, "relocate"],
    ["from its disk where it may not go back", saved([6]), { ...willing, consent: "relocate" as const }, "relocate"],
    ["from its disk where it must not go back", saved([6]), { ...willing, rollbackIntolerant: true }, "relocate"],
  ] as const)("%s", (_, known, vm, technique) => {
    const plan = planElsewhere(vm, known);
    expect(plan).toEqual({ technique, words: expect.stringMatching(/\.$/) });
  });
});
