import { expect, test } from "vitest";
import { type CustomerMessage, parseId, type RepairId } from "../../model/index.ts";
import { answerTo, type HeardAt, type Offer } from "./answer.ts";
import { progressOf } from "./progress.ts";

const id = parseId("rep", "rep_00000000000000000000");
if (id === undefined) throw new Error("not an id");
const repair: RepairId = id;
const offer: Offer = { techniques: ["assisted-rebuild", "revive-vm"], answerBy: 10_000, latest: 60_000 };

const accepted: CustomerMessage = { kind: "repair.accepted", repair };
const chosen = (technique: "revive-vm" | "relocate"): CustomerMessage => ({ kind: "repair.chosen", repair, technique });
const postponed = (until: number): CustomerMessage => ({ kind: "repair.postponed", repair, until, words: "A backup." });
const declined: CustomerMessage = { kind: "repair.declined", repair, words: "Not now." };
const phase = (name: "deploying" | "starting" | "synchronising"): CustomerMessage => ({
  ...{ kind: "repair.phase", repair, phase: name, percent: null, words: name },
});
const completed: CustomerMessage = { kind: "repair.completed", repair, words: "Done." };
const failed: CustomerMessage = { kind: "repair.failed", repair, words: "No." };
const heard = (...all: readonly (readonly [number, CustomerMessage])[]): HeardAt[] =>
  all.map(([at, message]) => ({ at, message }));

test.each<[string, HeardAt[], number, object]>([
  ["nothing yet", [], 5_000, { kind: "waiting", until: 10_000 }],
  ["nothing, and the time is over", [], 10_000, { kind: "silent" }],
  ["agreed", heard([9_000, accepted]), 9_000, { kind: "agreed", technique: "assisted-rebuild" }],
  ["agreed in time, read later", heard([10_000, accepted]), 30_000, { kind: "agreed" }],
  ["agreed too late", heard([10_001, accepted]), 30_000, { kind: "silent" }],
  ["another way", heard([2_000, chosen("revive-vm")]), 3_000, { kind: "agreed", technique: "revive-vm" }],
  ["a way that was not proposed", heard([2_000, chosen("relocate")]), 3_000, { kind: "waiting" }],
  ["declined", heard([2_000, declined]), 3_000, { kind: "declined", words: "Not now." }],
  ["the first word counts", heard([2_000, declined], [2_001, accepted]), 3_000, { kind: "declined" }],
  ["to wait", heard([2_000, postponed(30_000)]), 20_000, { kind: "waiting", until: 30_000, postponed: "A backup." }],
  ["to wait, then agreed", heard([2_000, postponed(30_000)], [25_000, accepted]), 25_000, { kind: "agreed" }],
  ["to wait, then nothing", heard([2_000, postponed(30_000)]), 30_000, { kind: "silent" }],
  ["to wait for too long", heard([2_000, postponed(900_000)]), 50_000, { kind: "waiting", until: 60_000 }],
  ["to wait for too long, then nothing", heard([2_000, postponed(900_000)]), 60_000, { kind: "silent" }],
  ["to wait twice", heard([2_000, postponed(20_000)], [19_000, postponed(40_000)]), 39_000, { kind: "waiting" }],
  ["to wait, asked too late", heard([11_000, postponed(30_000)]), 12_000, { kind: "silent" }],
  [
    "agreed after the end of the wait",
    heard([2_000, postponed(20_000)], [20_001, accepted]),
    21_000,
    { kind: "silent" },
  ],
])("an answer: %s", (_, said, now, expected) => {
  expect(answerTo(offer, said, now)).toMatchObject(expected);
});

test.each<[string, HeardAt[], number, object]>([
  ["nothing yet", [], 5_000, { kind: "at-work", phase: "deploying" }],
  ["a phase", heard([1_000, phase("starting")]), 5_000, { kind: "at-work", phase: "starting" }],
  [
    "begun anew",
    heard([1_000, phase("synchronising")], [2_000, phase("deploying")]),
    5_000,
    { phase: "synchronising" },
  ],
  ["done", heard([1_000, phase("starting")], [9_000, completed]), 9_000, { kind: "completed" }],
  ["done in time, read later", heard([10_000, completed]), 60_000, { kind: "completed" }],
  ["done too late", heard([10_001, completed]), 60_000, { kind: "late" }],
  ["failed", heard([3_000, failed]), 3_000, { kind: "failed", words: "No." }],
  ["late", heard([3_000, phase("starting")]), 10_000, { kind: "late" }],
])("the customer's part: %s", (_, said, now, expected) => {
  expect(progressOf(10_000, said, now)).toMatchObject(expected);
});
