import { expect, test } from "vitest";
import type { Input } from "./reduce.ts";
import { answered, db, event, proposed, world } from "./testing/world.ts";

const away = { reached: "by-none", processes: "unknown", service: "unknown" } as const;
const dead = { reached: "by-all", processes: "some-dead", service: "fails" } as const;
const down = (server: "data" | "page", view: typeof away | typeof dead = away): Input => ({
  ...{ is: "server-down", server, view, words: "no answer" },
});
const all = "alone: { allow: [restart-server, rebuild-vm, rebuild-many] }";
const many = ["alone/rebuild-many/page/1500"];

test("VMs that are concluded to be dead, each itself, are made anew together", () => {
  const it = world(all, "customer");
  it.feed(1_000, down("data"), down("page"));
  it.feed(1_500, answered("data", 1_000, "vm"));
  expect(it.jobs()).toEqual([]);
  it.feed(1_500, answered("page", 1_000, "host", "likely"));
  expect(it.jobs()).toEqual(many);
  expect(it.state().troubles.page?.stage).toMatchObject({ action: { vms: ["web", "db"] } });
  // It was done for both: neither begins it again where it has not helped.
  expect(it.state().troubles.data?.tried).toEqual(["rebuild-many"]);
});

test.each([
  ["nobody has answered about", null],
  ["nobody is sure about", answered("data", 1_000, null, "unsure")],
  ["the server alone is to blame for", answered("data", 1_000, "application")],
  ["is said to be well", answered("data", 1_000, null, "certain")],
] as const)("a VM that %s keeps its disk while another one is made anew", (_, answer) => {
  const it = world(all, "customer");
  it.feed(1_000, down("data"), down("page"));
  if (answer !== null) it.feed(1_200, answer);
  it.feed(1_500, answered("page", 1_000, "vm"));
  // Asked about first, where that may still be answered: then the other one is asked about again, and made anew alone.
  it.feed(4_600, { is: "tick" });
  it.feed(4_700, answered("page", 4_600, "vm"));
  const acting = Object.values(it.state().troubles).flatMap(({ stage }) =>
    stage.is === "acting" && stage.action.technique !== "restart-server" ? [stage.action] : [],
  );
  expect(acting).toEqual([expect.objectContaining({ technique: "rebuild-vm", vms: ["web"] })]);
});

test("a VM that the provider repairs, or whose turn is not over, is not made anew beside another one", () => {
  for (const before of [[], [event(proposed())]]) {
    const it = world("alone: { allow: [rebuild-many] }", "customer");
    it.feed(1_000, down("data"));
    it.feed(1_100, answered("data", 1_000, "vm"));
    it.feed(1_200, ...before, down("page"));
    it.feed(1_500, answered("page", 1_200, "vm"));
    expect(it.jobs()).toEqual(before.length > 0 ? [] : ["alone/rebuild-many/page/1500"]);
  }

  const turns = world(all, "collaborative");
  turns.feed(1_000, down("page"));
  turns.feed(1_100, answered("page", 1_000, "vm"));
  turns.feed(20_000, { is: "tick" }, down("data"));
  turns.feed(20_100, answered("page", 20_000, "vm"), answered("data", 20_000, "vm"));
  expect(turns.jobs()).toEqual([]);
  turns.feed(35_100, { is: "tick" });
  turns.feed(35_200, answered("data", 35_100, "vm"), answered("page", 35_100, "vm"));
  expect(turns.jobs()).toEqual(["alone/rebuild-vm/page/35200"]);
});

test("a VM that comes back without its server: what is seen now counts, and the server is restarted", () => {
  const it = world(all, "provider");
  it.feed(1_000, down("data"));
  it.feed(1_500, answered("data", 1_000, null, "unsure"));
  expect(it.jobs()).toEqual([]);
  it.feed(11_000, down("data", dead));
  it.feed(16_500, { is: "tick" });
  expect(it.said().at(-1)).toMatchObject({ kind: "diagnosis.asked", vmId: db.id, customer: dead });
  it.feed(17_000, answered("data", 16_500, "application"));
  expect(it.jobs()).toEqual(["alone/restart-server/data/17000"]);
});

test("an answer to what was seen before does not count for what is seen now", () => {
  const it = world(all, "customer");
  it.feed(1_000, down("data"));
  it.feed(1_200, down("data", dead));
  it.feed(1_500, answered("data", 1_000, "vm"));
  expect(it.jobs()).toEqual([]);
  it.feed(1_600, answered("data", 1_200, "application"));
  expect(it.jobs()).toEqual(["alone/restart-server/data/1600"]);
});

test("the same seen again changes nothing", () => {
  const it = world(all);
  const before = it.feed(1_000, down("data"));
  expect(it.feed(9_000, down("data"))).toBe(before);
});

const nowhere = "db is not given back, because its disk would be removed with it: it was never saved.";
const decide = `${nowhere} A person has to decide.`;
test.each([
  ["dataNowhereElse", ["db"], { data: decide, page: null }],
  ["dataNowhereElse", undefined, { data: decide, page: decide }],
  ["allocation-failed", undefined, /^web, db could not be made anew: .* A person has to look\.$/],
] as const)("VMs that are not made anew, %s of %j: nobody reads that it was done", (code, vms, words) => {
  const it = world(all, "customer");
  it.feed(1_000, down("data"), down("page"));
  it.feed(1_500, answered("data", 1_000, "vm"), answered("page", 1_000, "host", "likely"));
  it.feed(2_000, {
    ...{ is: "action-ended", key: "alone/rebuild-many/page/1500" },
    problem: { code, message: nowhere, ...(vms !== undefined && { vms }) },
  });
  const { data, page } = it.state().troubles;
  if (words instanceof RegExp)
    expect([data?.notMadeAnew, page?.notMadeAnew]).toEqual(Array(2).fill(expect.stringMatching(words)));
  else expect({ data: data?.notMadeAnew, page: page?.notMadeAnew }).toEqual(words);
  // Asked again, it is still not begun anew.
  it.feed(20_000, { is: "tick" });
  it.feed(20_100, answered("data", 20_000, "vm"));
  expect(it.jobs()).toEqual([]);
  expect(it.state().troubles.data?.stage).toMatchObject({ why: data?.notMadeAnew });
});

test("a VM that nobody reaches any more is the provider's first, however long its server was down before", () => {
  const it = world(all, "collaborative");
  it.feed(1_000, down("data", dead));
  it.feed(60_000, down("data"));
  it.feed(60_100, { is: "tick" });
  it.feed(60_200, answered("data", 60_100, "vm"), answered("data", 60_000, "vm"));
  expect(it.jobs()).toEqual([]);
  it.feed(91_000, { is: "tick" });
  it.feed(91_100, answered("data", 91_000, "vm"));
  expect(it.jobs()).toEqual(["alone/rebuild-vm/data/91100"]);
});

test("what was tried is kept once each, however often", () => {
  const it = world("alone: { allow: [restart-server], restartsBeforeMore: 1 }");
  for (let at = 1_000; at < 4_000_000; at += 700_000) {
    it.feed(at, down("data", dead));
    it.feed(at + 5_000, { is: "tick" });
    it.feed(at + 9_000, { is: "tick" });
    const [key = ""] = it.jobs();
    it.feed(at + 10_000, { is: "action-ended", key, problem: null });
  }
  expect(it.state().troubles.data?.tried).toEqual(["restart-server"]);
});

test.each(["provider", "collaborative", "customer"] as const)(
  "a VM that is off because that was wanted is not touched in mode %s, whatever our sensors say and for how long",
  (mode) => {
    const it = world("alone: { allow: [restart-server, replay-server, rebuild-vm, rebuild-many] }", mode);
    for (const view of [away, dead, { ...away, reached: "unknown" } as const]) {
      it.feed(1_000, { is: "server-well", server: "data" }, { is: "server-down", server: "data", view, words: "" });
      let askedAt = 1_000;
      for (let at = 1_500; at < 120_000; at += 16_000) {
        it.feed(at, answered("data", askedAt, null, "certain"));
        expect([it.jobs(), it.state().troubles.data?.stage.is]).toEqual([[], "waiting"]);
        askedAt = at + 15_500;
        it.feed(askedAt, { is: "tick" });
      }
    }
  },
);
