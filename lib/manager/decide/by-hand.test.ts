import { describe, expect, test } from "vitest";
import { againstByHand, type Ordered, withoutOldWork } from "./by-hand.ts";
import { jobsByHand } from "./jobs.ts";
import { type Input, reduce } from "./reduce.ts";
import { inRepair, managerState, noState } from "./state.ts";
import { answered, changed, contextAt, event, proposed, restarted, world } from "./testing/world.ts";

const anew: Ordered = { technique: "rebuild-vm", server: null, vm: "db" };
const restart: Ordered = { technique: "restart-server", server: "data", vm: "db" };
const byHand = (ordered: Ordered): Input => ({ is: "by-hand", ordered });
const ended = (key: string): Input => ({ is: "action-ended", key, problem: null });
const down: Input = {
  ...{ is: "server-down", server: "data", words: "refused" },
  view: { reached: "by-all", processes: "some-dead", service: "fails" },
};

describe("a repair by hand", () => {
  test("is one work until it has ended, and nothing else is done to its VM meanwhile", () => {
    const it = world();
    it.feed(1_000, byHand(anew));
    const jobs = ["by-hand/rebuild-vm/db/1000"];
    expect(it.jobs()).toEqual(jobs);
    expect(jobsByHand(it.state()).map(({ key }) => key)).toEqual(jobs);
    expect(inRepair(it.state(), 1_000)).toBe(true);
    // The servers of a VM that is being made anew are down: that is no news.
    it.feed(5_000, down);
    it.feed(60_000, down, { is: "tick" });
    expect([it.jobs(), it.state().troubles]).toEqual([jobs, {}]);
    it.feed(61_000, ended("by-hand/rebuild-vm/db/1000"));
    expect([it.jobs(), inRepair(it.state(), 61_000)]).toEqual([[], false]);
    // What the sensors say so soon is of before.
    it.feed(62_000, down);
    expect(it.state().troubles).toEqual({});
    it.feed(74_000, { is: "tick" }, down);
    expect(it.state()).toMatchObject({ byHand: {}, troubles: { data: {} } });
  });

  test("takes the place of what the manager was still asking about", () => {
    const it = world();
    it.feed(1_000, down);
    it.feed(1_500, byHand(restart), answered("data", 1_000, "application"));
    expect([it.jobs(), it.state().troubles]).toEqual([["by-hand/restart-server/data/1500"], {}]);
  });

  test.each([
    ["another one by hand is", [byHand(restart)], /by hand is on its way already: restart-server of data/],
    ["the manager's own is", [down, { is: "tick" }], /The manager is repairing db already: restart-server of data/],
    ["the provider's is", [event(proposed())], /provider's repair of db is on its way/],
    ["the provider waits for the servers", [event(restarted())], /provider's repair of db is on its way/],
  ] as const)("is refused in words where %s on its way", (_, before, words) => {
    const it = world();
    before.forEach((input, at) => {
      it.feed(1_000 + at * 4_000, input);
    });
    const [was, now] = [it.state(), 6_000];
    expect(againstByHand(was, anew, it.context(now))).toMatch(words);
    expect(againstByHand(was, { ...anew, vm: "web" }, it.context(now))).toBeNull();
    expect(it.feed(now, byHand(anew))).toBe(was);
  });

  test("may begin once the provider's has ended", () => {
    const it = world();
    it.feed(1_000, event(proposed(), 1), event(changed("repaired"), 2));
    it.feed(1_100, byHand(restart));
    expect(it.jobs()).toHaveLength(1);
  });

  test.each([
    ["a restart gives way to", restart, []],
    ["a VM that is made anew is not left half made for", anew, ["by-hand/rebuild-vm/db/1000"]],
  ] as const)("%s the provider's repair", (_, ordered, jobs) => {
    const it = world();
    it.feed(1_000, byHand(ordered));
    it.feed(2_000, event(proposed(), 1));
    expect(it.jobs()).toEqual(jobs);
  });

  test("and the provider's do not deploy one VM side by side: one after the other", () => {
    const it = world();
    it.feed(1_000, byHand(anew), event(restarted()));
    expect(it.jobs()).toEqual(["by-hand/rebuild-vm/db/1000"]);
    it.feed(9_000, ended("by-hand/rebuild-vm/db/1000"));
    expect(it.jobs()).toEqual([expect.stringMatching(/^finish\//)]);
  });

  test("of half an hour ago is not begun by a manager that starts, nor its own: the VM may be another one by now", () => {
    const ordered = reduce(noState, byHand(anew), contextAt(1_000));
    const it = world("alone: { allow: [rebuild-vm] }", "customer");
    // Long after the trouble began: how old the work itself is counts.
    it.feed(1_000 - 60 * 60_000, down);
    const { since } = it.state().troubles.data ?? {};
    const own = it.feed(1_000 - 60 * 60_000, answered("data", since ?? 0, "vm", "unsure"));
    it.feed(500, { is: "tick" });
    const acting = it.feed(1_000, answered("data", 500, "vm"));
    expect(it.jobs()).toEqual(["alone/rebuild-vm/data/1000"]);
    for (const state of [ordered, own, acting]) expect(withoutOldWork(state, 1_000 + 29 * 60_000)).toBe(state);
    expect(withoutOldWork(own, 1_000 + 30 * 60_000)).toBe(own);
    expect(withoutOldWork(ordered, 1_000 + 30 * 60_000).byHand).toEqual({});
    expect(withoutOldWork(acting, 1_000 + 30 * 60_000).troubles).toEqual({});
  });
});

test("a journal of before knows of no repair by hand", () => {
  const { byHand: _, ...before } = noState;
  expect(managerState.parse(before)).toEqual(noState);
});
