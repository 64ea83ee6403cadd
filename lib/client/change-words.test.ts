import { describe, expect, test } from "vitest";
import { type Change, cloudEvent } from "../contract/index.ts";
import { lineMaker } from "./event-log.ts";
import { changeWords } from "./words.ts";

/** Sentences of what both parties say and have: customers get none from the server, and of messages nobody does. */

const at = 1_790_000_000_000;
const organizationId = "org_00000000000000000001";
const repair = "rep_00000000000000000001";
const vm = { id: "vm_00000000000000000001", name: "web-1" };

/** As the page gets it, so that ids get their brand the only legal way. */
const event = (change: object, words = "") => cloudEvent.parse({ seq: 1, at, words, change });
const changeOf = (change: object): Change => event(change).change;
const wordsOf = (change: object, before?: object) => changeWords(changeOf(change), before && changeOf(before), []);

const said = (rest: object) => ({
  kind: "conversation.changed",
  organizationId,
  incidentId: "inc_00000000000000000001",
  message: {
    ...{ id: "msg_00000000000000000001", organizationId, incidentId: "inc_00000000000000000001", repairId: repair },
    ...{ sequence: 1, at, ...rest },
  },
});
const proposed = { kind: "repair.changed", repair, vm, state: "agreed", words: "It is made anew." };
const asked = { kind: "diagnosis.asked", vm, provider: { host: "well", vm: "running" }, answerBy: at };

describe("what is said", () => {
  test.each([
    ["the provider, once", { from: "provider", receivedAt: null, message: proposed }, "Provider about web-1: Agreed."],
    [
      "the provider's question keeps its mark",
      { from: "provider", receivedAt: null, message: asked },
      "Provider: What do your sensors say of web-1?",
    ],
    ["a receipt of it is no news", { from: "provider", receivedAt: at + 1, message: proposed }, undefined],
    [
      "one whose key has another name",
      { from: "customer", by: "tune (key spare)", message: { kind: "repair.accepted", repair } },
      "tune (key spare): Accepted.",
    ],
    [
      "one whose key is called the same",
      { from: "customer", by: "tune (key tune)", message: { kind: "repair.accepted", repair } },
      "tune: Accepted.",
    ],
    [
      "the customer's manager, by its name",
      { from: "customer", by: "tune", message: { kind: "repair.accepted", repair } },
      "tune: Accepted.",
    ],
  ])("%s", (_, message, words) => expect(wordsOf(said(message))).toBe(words));

  test("the server's own sentence gives way to what was said", () => {
    const message = { from: "customer", by: "tune", message: { kind: "repair.accepted", repair } };
    const lines = lineMaker()([event(said(message), "A message: repair.accepted")], []);
    expect(lines.map(({ words }) => words)).toEqual(["tune: Accepted."]);
  });
});

describe("a manager", () => {
  const manager = (more: object = {}) => ({
    kind: "manager.changed",
    manager: {
      ...{ organizationId, instance: "one", name: "tune", version: "1", epoch: 1 },
      ...{ connected: true, since: at, heardAt: at, ...more },
    },
  });
  test.each([
    ["comes", manager(), undefined, "Manager tune is connected."],
    ["goes", manager({ connected: false }), manager(), "Manager tune is not connected any more."],
    ["is heard again: no news", manager({ heardAt: at + 1_000 }), manager(), undefined],
    ["is another one", manager({ name: "spare" }), manager(), "Manager spare is connected."],
  ])("%s", (_, now, before, words) => expect(wordsOf(now, before)).toBe(words));
});

describe("what a customer has", () => {
  test("a VM that is being made", () => {
    const allocation = {
      ...{ id: "alc_00000000000000000001", organizationId, applicationId: "app_00000000000000000001" },
      ...{ imageId: "img_00000000000000000001", name: "web-9", memoryMiB: 256, vcpus: 1, apart: null },
      ...{ state: "making", address: "", vmId: null, askedAt: at, endedAt: null, words: "It is being made." },
    };
    expect(wordsOf({ kind: "allocation.changed", allocation })).toBe("VM web-9: it is being made.");
  });
  test("an image, and no word where pages show it in its place", () => {
    const image = {
      ...{ id: "img_00000000000000000001", name: "web", words: "nginx", sha256: "00" },
      ...{ sizeBytes: 1, format: "qcow2", path: null },
    };
    expect(wordsOf({ kind: "image.changed", image })).toBe("The image web can be used.");
    expect(wordsOf({ kind: "image.removed", imageId: image.id })).toBeUndefined();
    const report = { organizationId, applicationId: "app_00000000000000000001", reportedAt: at, sensors: [] };
    expect(wordsOf({ kind: "sensors.changed", report })).toBeUndefined();
  });
});
