import { describe, expect, test } from "vitest";
import { type ProviderEvent, repairId } from "../../contract/index.ts";
import type { Input } from "./reduce.ts";
import { answered, changed, db, event, proposed, repair, restarted, world } from "./testing/world.ts";

describe("a proposal", () => {
  test.each([
    ["the provider's choice", "", { kind: "repair.accepted", repair }],
    [
      "what the customer prefers",
      "answers: { prefer: [revive-vm] }",
      { kind: "repair.chosen", repair, technique: "revive-vm" },
    ],
    ["a VM kept to its owner", "answers: { decline: [db] }", { kind: "repair.declined", repair }],
    [
      "a VM that waits first",
      "answers: { postpone: { vms: [db], seconds: 30 } }",
      { kind: "repair.postponed", repair, until: 31_000 },
    ],
  ])("is answered by the policy: %s", (_, more, expected) => {
    const it = world(more);
    it.feed(1_000, event(proposed(), 1));
    expect(it.said()).toEqual([expect.objectContaining(expected)]);
  });

  test("is accepted in time where it was postponed", () => {
    const it = world("answers: { postpone: { vms: [db], seconds: 30 } }");
    it.feed(1_000, event(proposed(), 1));
    it.feed(20_000, { is: "tick" });
    expect(it.said()).toEqual([]);
    it.feed(29_500, { is: "tick" });
    expect(it.said()).toEqual([{ kind: "repair.accepted", repair }]);
  });

  test("to roll back a server that may not is declined", () => {
    const it = world();
    const message = proposed();
    if (message.kind !== "repair.proposed") throw new Error("no proposal");
    const back = { technique: "restore-checkpoint", words: "", expectedMs: null, loses: "" } as const;
    it.feed(1_000, event({ ...message, techniques: [back] }, 1));
    expect(it.said()).toEqual([expect.objectContaining({ kind: "repair.declined" })]);
  });

  test("is not answered after its deadline, nor for a VM of nobody's", () => {
    const it = world();
    it.feed(10_000, event(proposed(), 1));
    expect(it.said()).toEqual([]);
    const message = proposed();
    if (message.kind !== "repair.proposed") throw new Error("no proposal");
    it.feed(
      1_000,
      event({ ...message, repair: repairId.parse("rep_00000000000000000002"), vm: { ...db, name: "other" } }, 1),
    );
    expect(it.said()).toEqual([]);
  });

  test("that comes twice is answered once; the answer waits until it is taken, or its deadline", () => {
    const it = world();
    const one = event(proposed(), 1);
    it.feed(1_000, one, one);
    const [saying] = it.state().outbox;
    expect(it.state().outbox).toHaveLength(1);
    it.feed(2_000, { is: "refused", id: saying?.id ?? "", again: true });
    expect(it.said()).toHaveLength(1);
    it.feed(10_000, { is: "tick" });
    expect(it.said()).toEqual([]);
  });
});

describe("a VM that was brought back", () => {
  const job = (run: string) => `finish/${repair}/${run}`;

  test("is finished: phases, then the end, and nothing after it", () => {
    const it = world();
    it.feed(1_000, event(proposed(), 1), event(restarted(), 3));
    expect(it.jobs()).toEqual([job("2.3")]);
    const told = { repair, run: "2.3", words: "db" };
    it.feed(2_000, { is: "progress", ...told, phase: "deploying", percent: 0 });
    it.feed(3_000, { is: "progress", ...told, phase: "deploying", percent: 50 });
    expect(it.said().map((message) => message.kind)).toEqual(["repair.phase"]);
    it.feed(4_000, { is: "finished", ...told, ok: true });
    expect(it.jobs()).toEqual([]);
    expect(it.said().at(-1)).toMatchObject({ kind: "repair.completed" });
    it.feed(5_000, event(changed("repaired"), 4), { is: "finished", ...told, ok: false });
    expect(it.said()).toEqual([]);
  });

  test("is called off at its deadline, by a fallback, and taken up anew in another generation", () => {
    const it = world();
    it.feed(1_000, event(restarted(), 3));
    it.feed(2_000, event(changed("fallback"), 4));
    expect(it.jobs()).toEqual([]);
    it.feed(3_000, event(restarted(3), 5));
    expect(it.jobs()).toEqual([job("3.5")]);
    it.feed(3_500, { is: "finished", repair, run: "2.3", ok: true, words: "of before" });
    expect(it.jobs()).toEqual([job("3.5")]);
    it.feed(50_000, { is: "tick" });
    expect(it.jobs()).toEqual([]);
  });

  test.each([
    ["that we failed to finish", [event(restarted(), 3)]],
    ["that was declined", []],
  ] as const)("is left to the provider's fallback after a repair %s", (_, before) => {
    const it = world(before.length > 0 ? "" : "answers: { decline: [db] }");
    const down: Input = {
      ...{ is: "server-down", server: "data", words: "refused" },
      view: { reached: "by-all", processes: "some-dead", service: "fails" },
    };
    it.feed(1_000, event(proposed(), 1), ...before);
    it.feed(2_000, { is: "finished", repair, run: "2.3", ok: false, words: "It does not start." }, down);
    it.feed(5_500, { is: "tick" });
    expect(it.jobs()).toEqual(["alone/restart-server/data/5500"]);
    it.feed(6_000, event(changed("fallback"), 4), down);
    it.feed(20_000, { is: "tick" });
    expect([it.jobs(), it.state().troubles]).toEqual([[], {}]);
  });

  test("is not accepted any more where the fallback came while it was postponed", () => {
    const it = world("answers: { postpone: { vms: [db], seconds: 30 } }");
    it.feed(1_000, event(proposed(), 1));
    it.feed(12_000, event(changed("fallback"), 2));
    it.feed(29_500, { is: "tick" });
    expect(it.said()).toEqual([]);
  });

  test("is left alone where an end has overtaken it", () => {
    const it = world();
    it.feed(1_000, event(changed("repaired"), 5), event(restarted(), 3), event(proposed(), 2));
    expect([it.jobs(), it.said()]).toEqual([[], []]);
  });
});

describe("a server that is down", () => {
  const view = { reached: "by-all", processes: "some-dead", service: "fails" } as const;
  const down: Input = { is: "server-down", server: "data", view, words: "refused" };
  test("is asked about first, then restarted, then more, as the description allows", () => {
    const it = world("alone: { allow: [restart-server, replay-server], restartsBeforeMore: 1 }");
    it.feed(1_000, down);
    expect(it.said()).toEqual([{ kind: "diagnosis.asked", vmId: db.id, customer: view, words: "refused" }]);
    expect(it.jobs()).toEqual([]);
    it.feed(1_500, answered("data", 1_000, "application"));
    expect(it.jobs()).toEqual(["alone/restart-server/data/1500"]);
    it.feed(2_000, { is: "action-ended", key: "alone/restart-server/data/1500", problem: null });
    it.feed(12_500, { is: "tick" });
    expect(it.said().at(-1)).toMatchObject({ kind: "diagnosis.asked" });
    it.feed(13_000, answered("data", 12_500, "application"));
    expect(it.jobs()).toEqual(["alone/replay-server/data/13000"]);
  });

  test("is judged by our own view where the provider is silent, and well again it is forgotten", () => {
    const it = world();
    it.feed(1_000, down);
    it.feed(4_000, { is: "tick" });
    expect(it.jobs()).toEqual(["alone/restart-server/data/4000"]);
    it.feed(
      5_000,
      { is: "action-ended", key: "alone/restart-server/data/4000", problem: null },
      { is: "server-well", server: "data" },
    );
    expect(it.state().troubles).toEqual({});
  });

  test("is the provider's while it repairs the VM", () => {
    const it = world();
    it.feed(1_000, event(proposed(), 1), down);
    expect(it.state().troubles).toEqual({});
  });

  test("is left to the provider once it repairs the VM: the restart is called off", () => {
    const it = world();
    it.feed(1_000, down);
    it.feed(4_000, { is: "tick" });
    expect(it.jobs()).toHaveLength(1);
    it.feed(5_000, event(proposed(), 1));
    expect(it.jobs()).toEqual([]);
  });

  test.each([
    ["collaborative", "vm", []],
    ["customer", "vm", ["alone/rebuild-vm/data/1500"]],
  ] as const)("with its VM: in mode %s the manager makes it anew %s", (mode, layer, jobs) => {
    const it = world("alone: { allow: [rebuild-vm] }", mode);
    it.feed(1_000, { ...down, view: { ...view, reached: "by-none" } });
    it.feed(1_500, answered("data", 1_000, layer));
    expect(it.jobs()).toEqual(jobs);
  });

  test("with its VM: nothing is given back while nobody can say whether it lives", () => {
    const it = world("alone: { allow: [rebuild-vm] }", "customer");
    it.feed(1_000, { ...down, view: { ...view, reached: "by-none" } });
    it.feed(9_000, { is: "tick" });
    expect(it.jobs()).toEqual([]);
  });
});

test("announced work is answered where the description says how", () => {
  const announced: ProviderEvent["data"] = {
    ...{ kind: "maintenance.announced", vm: db, work: "mnt-1", words: "", startsAt: 90_000, actions: ["begin"] },
  };
  const [waits, begins] = [world(), world("answers: { maintenance: begin }")];
  waits.feed(1_000, event(announced, 1));
  begins.feed(1_000, event(announced, 1));
  expect([waits.said(), begins.said()]).toEqual([
    [],
    [{ kind: "maintenance.answered", work: "mnt-1", vmId: db.id, action: "begin" }],
  ]);
});

test("what lasts is bounded", () => {
  const it = world();
  for (let n = 0; n < 600; n++) it.feed(1_000, event(changed("agreed"), n));
  expect(it.state().seen.length).toBeLessThanOrEqual(400);
});
