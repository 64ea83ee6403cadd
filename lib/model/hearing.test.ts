import { describe, expect, test } from "vitest";
import type { ConversationMessage, CustomerMessage, ProviderMessage } from "./collaboration.ts";
import { diagnosisRefusal, isOfRepair, maintenanceRefusal, repairMessageRefusal } from "./hearing.ts";
import { idSource } from "./ids.ts";

let born = 1_700_000_000_000;
const ids = idSource(
  () => born++,
  () => 0.5,
);
const repair = ids.next("rep");
const vm = { id: ids.next("vm"), name: "db-1" };
const head = () => ({
  ...{ id: ids.next("msg"), organizationId: ids.next("org"), incidentId: null, repairId: null, sequence: 1, at: 0 },
});
const says = (message: ProviderMessage): ConversationMessage => ({
  ...{ ...head(), from: "provider", message, receivedAt: null },
});
const said = (message: CustomerMessage): ConversationMessage => ({ ...head(), from: "customer", message, by: "shop" });

const proposal = says({
  ...{ kind: "repair.proposed", repair, vm, answerBy: 10_000, latest: 60_000, fallback: "own-disk" },
  techniques: [{ technique: "assisted-rebuild", words: "", expectedMs: null, loses: "" }],
});
const changed = (state: Extract<ProviderMessage, { kind: "repair.changed" }>["state"]) =>
  says({ kind: "repair.changed", repair, vm, state, words: "So it is." });
const back = says({
  ...{ kind: "vm.restarted", repair, vm, address: null, from: "image", image: "bare", generation: 1 },
  ...{ apart: "kept", finishBy: 90_000 },
});

const accept: CustomerMessage = { kind: "repair.accepted", repair };
const decline: CustomerMessage = { kind: "repair.declined", repair, words: "" };
const postpone = (until: number): CustomerMessage => ({ kind: "repair.postponed", repair, until, words: "" });
const phase: CustomerMessage = { kind: "repair.phase", repair, phase: "deploying", percent: null, words: "" };
const complete: CustomerMessage = { kind: "repair.completed", repair, words: "" };

describe("what a customer says of a repair is taken while it is awaited", () => {
  test.each<[string, readonly ConversationMessage[], CustomerMessage, number, RegExp | undefined]>([
    ["an answer before anything was proposed", [], accept, 0, /Nothing was proposed/],
    ["an answer in time", [proposal], accept, 10_000, undefined],
    ["an answer that is late", [proposal], accept, 10_001, /time for an answer is over/],
    ["a second answer", [proposal, said(accept)], decline, 1, /answered already/],
    ["an answer after declining", [proposal, said(decline)], accept, 1, /declined already/],
    ["an answer within the time that was asked for", [proposal, said(postpone(50_000))], accept, 49_000, undefined],
    ["one after that time", [proposal, said(postpone(50_000))], accept, 51_000, /over/],
    ["asking for more than may be waited", [proposal], postpone(60_001), 1, /cannot wait for so long/],
    ["what was not proposed", [proposal], { kind: "repair.chosen", repair, technique: "relocate" }, 1, /not proposed/],
    [
      "a choice of what was",
      [proposal],
      { kind: "repair.chosen", repair, technique: "assisted-rebuild" },
      1,
      undefined,
    ],
    ["an answer while it is waited", [proposal, said(postpone(50_000)), changed("waiting")], accept, 40_000, undefined],
    ["an answer after the fallback began", [proposal, changed("fallback")], accept, 1, /too late to choose: So it is/],
    ["an answer once the VM is back", [proposal, back], accept, 1, /too late to choose/],
    ["an answer to a second proposal", [proposal, said(accept), changed("fallback"), proposal], accept, 1, undefined],
    ["a phase before the VM is back", [proposal, said(accept)], phase, 1, /nothing to report/],
    ["a phase", [proposal, back], phase, 20_000, undefined],
    ["a phase after a phase", [back, said(phase)], phase, 20_000, undefined],
    ["the end", [back, said(phase)], complete, 90_000, undefined],
    ["the end, late", [back], complete, 90_001, /time to finish is over/],
    ["a phase after the end", [back, said(complete)], phase, 1, /completed already/],
    ["a phase after the fallback began", [back, changed("fallback")], phase, 1, /without the customer: So it is/],
    ["a phase of the second try", [back, changed("fallback"), back], phase, 1, undefined],
  ])("%s", (_, thread, message, at, refusal) => {
    if (!isOfRepair(message)) throw new Error("each is of the repair");
    const words = repairMessageRefusal({ state: "running" }, thread, message, at);
    if (refusal === undefined) expect(words).toBeUndefined();
    else expect(words).toMatch(refusal);
    expect(repairMessageRefusal({ state: "succeeded" }, thread, message, at)).toBe("This repair has ended.");
  });
});

test("a question of the provider's is answered once, in time", () => {
  const asked = says({ kind: "diagnosis.asked", vm, provider: { host: "well", vm: "silent" }, answerBy: 5000 });
  const customer = { reached: "by-none", processes: "unknown", service: "fails" } as const;
  const answered = said({ kind: "diagnosis.answered", question: asked.id, customer });
  expect(diagnosisRefusal([asked], asked.id, 5000)).toBeUndefined();
  expect(diagnosisRefusal([asked], asked.id, 5001)).toMatch(/over/);
  expect(diagnosisRefusal([asked, answered], asked.id, 1)).toMatch(/already/);
  expect(diagnosisRefusal([proposal], proposal.id, 1)).toMatch(/no question/);
  const theirs = said({ kind: "diagnosis.asked", vmId: vm.id, customer, words: "" });
  expect(diagnosisRefusal([theirs], theirs.id, 1)).toMatch(/no question/);
});

test("an announcement is answered once, by what it allows, before the work begins", () => {
  const announced = says({
    ...{ kind: "maintenance.announced", vm, work: "w1", words: "", startsAt: 5000, actions: ["begin"] },
  });
  const answer = (action: "begin" | "stop", work = "w1") =>
    ({ kind: "maintenance.answered", work, vmId: vm.id, action }) as const;
  expect(maintenanceRefusal([announced], answer("begin"), 5000)).toBeUndefined();
  expect(maintenanceRefusal([announced], answer("begin"), 5001)).toMatch(/has begun/);
  expect(maintenanceRefusal([announced], answer("stop"), 1)).toMatch(/not among/);
  expect(maintenanceRefusal([announced], answer("begin", "w2"), 1)).toMatch(/No such work/);
  expect(maintenanceRefusal([announced, said(answer("begin"))], answer("begin"), 1)).toMatch(/already/);
  const ended = says({ kind: "maintenance.ended", vm, work: "w1", words: "" });
  expect(maintenanceRefusal([announced, ended], answer("begin"), 1)).toMatch(/has ended/);
  expect(maintenanceRefusal([announced, ended, announced], answer("begin"), 1)).toBeUndefined();
});
