import { describe, expect, test } from "vitest";
import { type Cause, causes, consentLadder } from "../model/index.ts";
import { planRepair, type RepairQuestion, restartLimit } from "./plan-repair.ts";

const question = (over: Partial<RepairQuestion>): RepairQuestion => ({
  cause: "qemu-died",
  certainty: "certain",
  mode: "provider",
  consent: "restart-vm",
  recentRepairs: 0,
  definitionKnown: true,
  ...over,
});

describe("a plan", () => {
  const repairable = (Object.keys(causes) as Cause[]).filter((cause) => cause !== "vanished");
  test.each(repairable)("for %s is revive-vm, with words", (cause) => {
    const plan = planRepair(question({ cause }));
    expect(plan).toMatchObject({ technique: "revive-vm" });
    expect("words" in plan && plan.words).toMatch(/\.$/);
  });

  test("is made under collaborative protection too", () => {
    expect(planRepair(question({ mode: "collaborative" }))).toHaveProperty("technique");
  });
});

describe("a refusal, in words", () => {
  const refused: [string, Partial<RepairQuestion>, RegExp][] = [
    ["protection is off", { mode: "none" }, /off/],
    ["the customer repairs alone", { mode: "customer" }, /alone/],
    ["the host no longer knows it", { cause: "vanished" }, /two of it/],
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
