import { describe, expect, test } from "vitest";
import { type CheckpointState, consentCovers, consentLadder } from "../../model/index.ts";
import { checkpointNumber } from "../testing/clouds.ts";
import { commonInstants, type GroupMember, groupRefusal, idsOfGroup, instantOf } from "./group.ts";
import { planElsewhere, planRollBack, type Saved } from "./plan-roll-back.ts";

const first = checkpointNumber(7);
const willing: GroupMember = {
  vm: { consent: "roll-back", rollbackIntolerant: false, wanted: "running" },
  everyMs: 5_000,
};

describe("checkpoints of one capture", () => {
  test("have one name but for its end, each another one", () => {
    const ids = idsOfGroup(first, 40);
    expect(new Set(ids).size).toBe(40);
    expect(new Set(ids.map(instantOf)).size).toBe(1);
  });
  test("are told apart from those of another capture", () => {
    const other = idsOfGroup("ckp_01k9zzzzzzyyyyyyyyyy" as typeof first, 1);
    expect(other.map(instantOf)).not.toEqual(idsOfGroup(first, 1).map(instantOf));
  });
  test("of a group that is too large for their names are refused", () => {
    expect(() => idsOfGroup(first, 32 ** 3 + 1)).toThrow(/too large/);
  });
});

describe("a group goes back", () => {
  test.each<[string, Partial<GroupMember["vm"]>, number | undefined, RegExp]>([
    ["one must never go back", { rollbackIntolerant: true }, 5_000, /must never/],
    ["one allows less", { consent: "relocate" }, 5_000, /"relocate" alone.*"roll-back"/],
    ["one is not saved", {}, undefined, /not saved/],
    ["one is to stay off", { wanted: "stopped" }, 5_000, /wanted stopped/],
  ])("not where %s", (_, over, everyMs, words) => {
    expect(groupRefusal([willing, { vm: { ...willing.vm, ...over }, everyMs }])).toMatch(words);
  });
  test("where each owner allows it, and no less", () => {
    for (const consent of consentLadder) {
      const refusal = groupRefusal([willing, { ...willing, vm: { ...willing.vm, consent } }]);
      expect(refusal === undefined, consent).toBe(consentCovers(consent, "roll-back"));
    }
  });
});

const failedAt = 10 * 60 * 60_000;
/** Of captures 0, 1, 2, …, newest first, as the member of that number. */
const row = (capture: number, member: number, state: CheckpointState = "valid") => {
  const [id] = idsOfGroup(checkpointNumber(1_000_000 * (capture + 1)), member + 1).slice(-1);
  if (id === undefined) throw new Error("no id");
  return { id, at: failedAt - 3_000 - 5_000 * capture, state };
};

test("instants are common where each has a whole one of it", () => {
  const own = [row(0, 0), row(1, 0), row(2, 0, "damaged"), row(3, 0), row(4, 0)];
  const second = [row(0, 1), row(1, 1, "damaged"), row(2, 1), row(3, 1)];
  const third = [row(0, 2), row(1, 2), row(2, 2), row(3, 2), row(4, 2)];
  expect(commonInstants(own, [second, third])).toEqual([row(0, 0), row(3, 0)]);
  expect(commonInstants(own, [])).toEqual([row(0, 0), row(1, 0), row(3, 0), row(4, 0)]);
});

describe("the plan for one of a group", () => {
  const own = [row(0, 0), row(1, 0)];
  const saved = (group: Partial<Saved["group"]> = {}, over: Partial<Saved> = {}): Saved => ({
    ...{ checkpoints: own, everyMs: 5_000, failedAt, recentRepairs: 0, triedAt: null, standbyReady: true },
    group: { others: 2, refusal: undefined, instants: own, ...group },
    ...over,
  });
  const vm = { consent: "roll-back", rollbackIntolerant: false } as const;
  const plan = (of: Saved, cause: Parameters<typeof planRollBack>[0]["cause"] = "qemu-died") =>
    planRollBack({ cause, vm, saved: of });

  test("takes all of it back, and says to when", () => {
    expect(plan(saved())).toEqual({
      technique: "group-restore",
      words:
        "Take it and the 2 other VMs of its group back together, to the newest instant that all have, as of 09:59:57 UTC, 3 s before the failure.",
    });
    expect(planElsewhere(vm, saved())).toMatchObject({ technique: "group-restore" });
  });
  test.each<[string, Saved, RegExp]>([
    ["one of it may not", saved({ refusal: "One of its VMs is not saved." }), /together or not at all.*not saved/],
    ["there is no common instant", saved({ instants: [] }), /no instant/],
    ["it did not help", saved({}, { recentRepairs: 2 }), /did not help/],
  ])("is another where %s", (_, of, words) => {
    expect(plan(of)).toEqual({ notBecause: expect.stringMatching(words) });
  });
  test("goes to an older instant where it failed again soon", () => {
    expect(plan(saved({}, { recentRepairs: 1, triedAt: own[0]?.at ?? null }))).toMatchObject({
      words: expect.stringMatching(/older instant that all have.*8 s before/),
    });
  });
  test("takes none from after a hung guest answered", () => {
    const hung = saved({}, { failedAt: failedAt - 5_000 });
    expect(plan(hung, "hung")).toMatchObject({ words: expect.stringMatching(/older instant.*3 s before/) });
  });
});
