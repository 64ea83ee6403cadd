import { expect, test } from "vitest";
import { type Cause, type Consent, parseId } from "../../model/index.ts";
import { fallbackWay } from "./fallback.ts";
import { asksCustomersView } from "./partner.ts";
import { type ProposalQuestion, proposedTechniques } from "./propose.ts";
import { providerView } from "./view.ts";

const checkpoint = parseId("ckp", "ckp_00000000000000000000");
if (checkpoint === undefined) throw new Error("not an id");
const saved: ProposalQuestion["saved"] = {
  ...{ checkpoints: [{ id: checkpoint, at: 99_000, state: "valid" }], everyMs: 5_000, failedAt: 100_000 },
  ...{ recentRepairs: 0, triedAt: null, standbyReady: false, group: undefined },
};
const question = (over: Partial<ProposalQuestion> = {}): ProposalQuestion => ({
  ...{ cause: "qemu-died", vm: { consent: "recreate", rollbackIntolerant: false }, image: { name: "bare" } },
  ...{ saved: undefined, hostLives: true, otherHost: false, failedAt: 100_000, tookMs: () => [] },
  ...over,
});
const vm = (consent: Consent, rollbackIntolerant = false) => ({ consent, rollbackIntolerant });

test.each<[string, Partial<ProposalQuestion>, readonly string[]]>([
  ["all is allowed", { saved, otherHost: true }, ["assisted-rebuild", "restore-checkpoint", "revive-vm", "relocate"]],
  ["nothing is saved, nowhere to go", {}, ["assisted-rebuild", "revive-vm"]],
  ["no image", { image: undefined }, ["revive-vm"]],
  ["not to be made anew", { vm: vm("roll-back"), saved }, ["restore-checkpoint", "revive-vm"]],
  ["not to go back", { vm: vm("recreate", true), saved }, ["assisted-rebuild", "revive-vm"]],
  ["only started again", { vm: vm("restart-vm"), saved, otherHost: true }, ["revive-vm"]],
  ["nothing at all", { vm: vm("notify"), saved, otherHost: true }, []],
  ["its host is lost", { hostLives: false, saved }, ["assisted-rebuild", "restore-checkpoint", "relocate"]],
  ["its host is lost, only moved", { hostLives: false, vm: vm("relocate"), saved }, ["relocate"]],
  ["held by its hypervisor", { cause: "paused" }, ["revive-vm", "assisted-rebuild"]],
  ["its network is cut", { cause: "unreachable", saved }, ["assisted-rebuild"]],
])("proposed: %s", (_, over, expected) => {
  expect(proposedTechniques(question(over)).map((it) => it.technique)).toEqual(expected);
});

test("what it took before is what is expected, by the middle one", () => {
  const [first] = proposedTechniques(question({ tookMs: () => [9_000, 21_000, 10_000] }));
  expect(first).toMatchObject({ technique: "assisted-rebuild", expectedMs: 10_000 });
  expect(proposedTechniques(question())[0]?.expectedMs).toBeNull();
});

test("each proposal says in sentences what is done and what is lost", () => {
  for (const cause of ["qemu-died", "hung", "paused", "host-lost"] satisfies Cause[])
    for (const hostLives of [true, false])
      for (const it of proposedTechniques(question({ cause, hostLives, saved, otherHost: true }))) {
        expect(it.words).toMatch(/^[A-Z].*\.$/);
        expect(it.loses).toMatch(/^[A-Z].*\.$/);
      }
});

test.each([
  ["hand-over", "image", "hand-over"],
  ["own-disk", "image", "own-disk, started"],
  ["own-disk", "nothing", "own-disk, started"],
  ["own-disk", "own-disk", "own-disk, as it is"],
  ["checkpoint", "image", "checkpoint"],
  ["checkpoint", "nothing", "checkpoint"],
  ["checkpoint", "checkpoint", "own-disk, as it is"],
] as const)("the fallback %s of a VM that runs from %s: %s", (fallback, from, expected) => {
  const way = fallbackWay(fallback, from);
  expect(way.kind === "own-disk" ? `own-disk, ${way.again ? "as it is" : "started"}` : way.kind).toBe(expected);
});

test.each([
  ["hung", "certain", false],
  ["hung", "likely", true],
  ["unreachable", "likely", true],
  ["qemu-died", "certain", false],
  ["qemu-died", "likely", false],
  ["paused", "unsure", true],
] as const)("%s, %s: the customer is asked %s", (cause, certainty, asked) => {
  expect(asksCustomersView(cause, certainty)).toBe(asked);
});

const well = { health: "green", standing: "in-use", state: "up" } as const;
const guest = { verdict: { kind: "well" }, silent: false, everAnswered: true } as const;
test("the provider's view names no host, and says no more than it knows", () => {
  expect(providerView(well, false, { state: "running" }, guest)).toEqual({ host: "well", vm: "running" });
  expect(providerView(well, false, { state: "running" }, { ...guest, silent: true })).toMatchObject({ vm: "silent" });
  expect(providerView(well, false, { state: "running" }, { ...guest, everAnswered: false })).toMatchObject({
    vm: "silent",
  });
  const hung = { kind: "failed", cause: "hung", certainty: "likely", words: "" } as const;
  expect(providerView(well, false, { state: "running" }, { ...guest, verdict: hung })).toMatchObject({ vm: "hung" });
  expect(providerView(well, false, { state: "crashed" }, guest)).toEqual({ host: "well", vm: "crashed" });
  expect(providerView({ ...well, standing: "fenced" }, false, { state: "unknown" }, guest)).toEqual({
    host: "dead",
    vm: "unknown",
  });
  expect(providerView({ ...well, health: "yellow" }, false, { state: "running" }, guest)).toMatchObject({
    host: "suspected",
  });
  expect(providerView(well, true, { state: "running" }, guest)).toEqual({ host: "cut-off", vm: "unknown" });
  expect(providerView(undefined, false, { state: "running" }, guest)).toEqual({ host: "unknown", vm: "unknown" });
});
