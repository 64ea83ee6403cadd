import { describe, expect, test } from "vitest";
import { type Cause, causes, consentLadder, techniqueNames, techniques } from "../model/index.ts";
import { planRepair, type RepairQuestion, restartLimit, techniqueRefusal } from "./plan-repair.ts";
import { hostNumber } from "./testing/clouds.ts";

const question = (over: Partial<RepairQuestion>): RepairQuestion => ({
  cause: "qemu-died",
  certainty: "certain",
  mode: "provider",
  consent: "restart-vm",
  recentRepairs: 0,
  definitionKnown: true,
  rollbackIntolerant: false,
  failedAt: 0,
  now: 1_000_000,
  hooks: [],
  elsewhere: undefined,
  saved: undefined,
  ...over,
});

describe("a plan", () => {
  const repairable = (Object.keys(causes) as Cause[]).filter(
    (cause) => !["vanished", "unreachable", "two-copies", "application-down"].includes(cause),
  );
  test.each(repairable)("for %s is revive-vm, with words", (cause) => {
    const plan = planRepair(question({ cause }));
    expect(plan).toMatchObject({ technique: "revive-vm" });
    expect("words" in plan && plan.words).toMatch(/\.$/);
  });

  test("is made under collaborative protection too", () => {
    expect(planRepair(question({ mode: "collaborative" }))).toHaveProperty("technique");
  });
});

describe("a plan under collaborative protection", () => {
  const reachable = { reachable: true, fallback: "own-disk" } as const;
  const together = (over: Partial<RepairQuestion>) =>
    planRepair(question({ mode: "collaborative", together: reachable, ...over }));
  const elsewhere = { host: hostNumber(2) };

  test.each<[string, Partial<RepairQuestion>, object]>([
    ["its manager is asked", {}, { technique: "assisted-rebuild" }],
    ["also of what it alone can settle", { cause: "unreachable" }, { technique: "assisted-rebuild" }],
    [
      "also when its own host does not help any more",
      { recentRepairs: restartLimit.repairs, consent: "relocate", elsewhere },
      { technique: "assisted-evacuate" },
    ],
    ["old refusals stay: consent", { consent: "notify" }, { refusal: expect.stringMatching(/allows/) }],
    ["old refusals stay: two copies", { cause: "two-copies" }, { refusal: expect.stringMatching(/which/) }],
    ["old refusals stay: unsure", { certainty: "unsure" }, { refusal: expect.stringMatching(/certain/) }],
    ["old refusals stay: the limit", { recentRepairs: 9 }, { refusal: expect.stringMatching(/will not help/) }],
    [
      "nobody was ever heard: the provider alone",
      { together: { reachable: false, fallback: "own-disk" } },
      { technique: "revive-vm", words: expect.stringMatching(/never connected/) },
    ],
    [
      "nobody was ever heard, and nothing else was agreed",
      { together: { reachable: false, fallback: "hand-over" } },
      { refusal: expect.stringMatching(/never connected/) },
    ],
    [
      "nobody was ever heard of a network that is cut",
      { cause: "unreachable", together: { reachable: false, fallback: "own-disk" } },
      { refusal: expect.stringMatching(/network/) },
    ],
  ])("%s", (_, over, expected) => {
    expect(together(over)).toMatchObject(expected);
  });
});

describe("a refusal, in words", () => {
  const refused: [string, Partial<RepairQuestion>, RegExp][] = [
    ["protection is off", { mode: "none" }, /off/],
    ["the customer repairs alone", { mode: "customer" }, /alone/],
    ["the host no longer knows it", { cause: "vanished" }, /two of it/],
    ["only its network is cut", { cause: "unreachable" }, /network/],
    ["two hosts run it", { cause: "two-copies" }, /which of the two/],
    ["the diagnosis is unsure", { certainty: "unsure" }, /not certain/],
    ["no definition is known", { definitionKnown: false }, /definition/],
    ["the VM fails again and again", { recentRepairs: restartLimit.repairs }, /will not help/],
  ];
  test.each(refused)("%s", (_, over, words) => {
    expect(planRepair(question(over))).toEqual({ refusal: expect.stringMatching(words) });
  });

  test("whenever the consent given is lower than the technique needs, and only then", () => {
    const enough = consentLadder.indexOf("restart-vm");
    consentLadder.forEach((consent, rung) => {
      expect("refusal" in planRepair(question({ consent })), consent).toBe(rung < enough);
    });
  });
});

describe("a VM that fails again and again", () => {
  const again = (recentRepairs: number, over: Partial<RepairQuestion> = {}) =>
    planRepair(question({ recentRepairs, failedAt: 50_000, now: 50_000, ...over }));
  const elsewhere = { host: hostNumber(2) };

  test("is left alone for a while between two repairs, longer each time", () => {
    expect(again(0)).toHaveProperty("technique");
    expect(again(1)).toEqual({ notBefore: 55_000 });
    expect(again(1, { now: 54_999 })).toEqual({ notBefore: 55_000 });
    expect(again(1, { now: 55_000 })).toMatchObject({ technique: "revive-vm" });
    expect(again(2)).toEqual({ notBefore: 70_000 });
  });
  test("is then started on another host, where its owner allows it and there is one", () => {
    expect(again(3, { consent: "relocate", elsewhere })).toMatchObject({ technique: "relocate" });
  });
  test.each([
    ["its owner does not allow it", { elsewhere }, /allows "restart-vm"/],
    [
      "there is no other host",
      { consent: "relocate", elsewhere: { refusal: "There is no room." } },
      /There is no room/,
    ],
    ["nobody looked for one", { consent: "relocate" }, /will not help\.$/],
  ] as const)("is handed over with the reason when %s", (_, over, words) => {
    expect(again(3, over)).toEqual({ refusal: expect.stringMatching(words) });
  });
  test("is not carried from host to host", () => {
    expect(again(4, { consent: "relocate", elsewhere })).toEqual({ refusal: expect.stringMatching(/another host/) });
  });
});

describe("the provider's own program", () => {
  const hook = { cause: "unreachable", role: "instead", enabled: true } as const;
  test("is the repair, also of what Belay does not repair", () => {
    expect(planRepair(question({ cause: "unreachable", hooks: [hook] }))).toMatchObject({ technique: "hook" });
  });
  test.each([
    ["told beside", { ...hook, role: "beside" }],
    ["switched off", { ...hook, enabled: false }],
    ["for another failure", { ...hook, cause: "hung" }],
  ] as const)("is not when it is %s", (_, other) => {
    expect(planRepair(question({ cause: "unreachable", hooks: [other] }))).toHaveProperty("refusal");
  });
  test("does not go beyond the consent, the mode and the restart limit", () => {
    const with_ = (over: Partial<RepairQuestion>) =>
      planRepair(question({ cause: "hung", hooks: [{ ...hook, cause: "hung" }], ...over }));
    for (const over of [{ consent: "notify" }, { mode: "none" }, { mode: "customer" }, { recentRepairs: 3 }] as const)
      expect(with_(over)).toHaveProperty("refusal");
  });
});

test("a technique that rolls back is refused for who must never go back, and only such a one", () => {
  for (const name of techniqueNames) {
    const refusal = techniqueRefusal(name, { consent: "recreate", rollbackIntolerant: true });
    expect(refusal === undefined, name).toBe(!techniques[name].rollsBack);
  }
});
