import fc from "fast-check";
import { expect, test } from "vitest";
import type { Action } from "./actions.ts";
import { playSchedule, type Schedule, scheduleHosts, scheduleVms } from "./schedule.ts";

const vm = fc.constantFrom(...scheduleVms);
const host = fc.constantFrom(...scheduleHosts);
const count = fc.integer({ min: 1, max: 4 });

const onVm = fc.record({
  do: fc.constantFrom(...(["kill-qemu", "panic", "guest-powers-off", "guest-sleeps", "watchdog", "hang"] as const)),
  vm,
});
const byPerson = fc.record({
  do: fc.constantFrom(
    ...(["person-pauses", "person-resumes", "person-stops", "person-starts", "person-undefines"] as const),
  ),
  vm,
});
const onHost = fc.record({
  do: fc.constantFrom(
    ...(["host-power-off", "host-power-on", "host-power-on", "cut", "mend", "mend"] as const),
    ...(["libvirtd-dies", "libvirtd-starts", "libvirtd-starts"] as const),
  ),
  host,
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: onVm },
  { weight: 3, arbitrary: onHost },
  { weight: 2, arbitrary: byPerson },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("disk-error" as const), vm, reason: fc.constant("other" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("disk-mended" as const), vm }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("crash-loop" as const), vm, afterMs: fc.integer({ min: 1, max: 20_000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash-loop-ends" as const), vm }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("lose-events" as const), count }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("duplicate-events" as const), count }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("delay-events" as const), count, ms: fc.integer({ min: 1, max: 8000 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "belay-dies" as const }) },
  { weight: 4, arbitrary: fc.constant({ do: "belay-starts" as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("belay-dies-at" as const),
      call: fc.integer({ min: 1, max: 60 }),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("kill-button" as const), vm, key: fc.string({ minLength: 1 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wanted" as const),
      vm,
      to: fc.constantFrom("running" as const, "stopped" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("consent" as const),
      vm,
      to: fc.constantFrom("notify" as const, "restart-vm" as const, "recreate" as const),
    }),
  },
);

/** Short and long pauses: some steps fall into the middle of what the one before set off. */
const afterMs = fc.oneof(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 9000 }));
const schedule: fc.Arbitrary<Schedule> = fc.array(fc.record({ afterMs, action }), { maxLength: 40, size: "max" });

test("no schedule of faults, losses and deaths of Belay breaks an invariant", { timeout: 60_000 }, async () => {
  // Another seed or more runs: SIM_SEED=… SIM_RUNS=…
  const seed = Number(process.env.SIM_SEED ?? 1);
  const numRuns = Number(process.env.SIM_RUNS ?? 150);
  await fc.assert(
    fc.asyncProperty(schedule, fc.nat(1000), async (steps, worldSeed) => {
      expect(await playSchedule(steps, worldSeed)).toEqual([]);
    }),
    { seed, numRuns },
  );
});
