import { describe, expect, test } from "vitest";
import { aVm, hostNumber } from "../decide/testing/clouds.ts";
import type { Vm } from "../model/index.ts";
import { virtualClock } from "../sim/index.ts";
import { defaultOptions } from "./env.ts";
import { createGuestWatch } from "./guest-watch.ts";

const host = hostNumber(1);

/** Guests whose answers the test decides; who was asked, and how many at once. */
function cloud(over: Partial<typeof defaultOptions> = {}) {
  const clock = virtualClock(1_000_000);
  const asked: string[] = [];
  const counted: string[] = [];
  const silent = new Set<string>();
  let now = 0;
  let most = 0;
  const watch = createGuestWatch(
    {
      clock,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      prober: {
        async answers(vm) {
          asked.push(vm.uuid);
          most = Math.max(most, ++now);
          await clock.sleep(20);
          now--;
          return !silent.has(vm.uuid);
        },
      },
      hypervisor: {
        agentAnswers: async () => false,
        async vitals(_, uuid) {
          counted.push(uuid);
          return { at: clock.now(), cpuTimeMs: 500, blockRequests: 1, netPackets: 1 };
        },
      },
    },
    { ...defaultOptions, ...over },
  );
  watch.start();
  const timesOf = (vm: Vm) => asked.filter((uuid) => uuid === vm.uuid).length;
  return { clock, watch, asked, counted, silent, timesOf, most: () => most };
}

const quiet = () => undefined;

describe("the round of all guests", () => {
  test("asks each about every ten seconds, and never more at once than it may", async () => {
    const { clock, watch, timesOf, most } = cloud({ guestsAtOnce: 8 });
    const vms = Array.from({ length: 300 }, (_, n) => aVm(n + 1, host));
    for (const vm of vms) watch.attend(vm, false, quiet);
    await clock.advance(60_000);
    await Promise.all([watch.stop(), clock.advance(100)]);
    expect(Math.min(...vms.map(timesOf))).toBeGreaterThanOrEqual(5);
    expect(Math.max(...vms.map(timesOf))).toBeLessThanOrEqual(7);
    expect(most()).toBeLessThanOrEqual(8);
  });

  test("asks thousands evenly, not in one bunch after the other", async () => {
    const { clock, watch, asked } = cloud();
    for (let n = 1; n <= 5_000; n++)
      watch.attend({ ...aVm(n, host), uuid: (Math.imul(n, 0x9e3779b1) >>> 0).toString(16) }, false, quiet);
    await clock.advance(20_000);
    const counts: number[] = [];
    for (let window = 0; window < 40; window++) {
      const before = asked.length;
      await clock.advance(250);
      counts.push(asked.length - before);
    }
    await Promise.all([watch.stop(), clock.advance(100)]);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(mean).toBeGreaterThan(100);
    expect(Math.max(...counts)).toBeLessThan(1.6 * mean);
  });

  test("takes a guest for hung only once it was silent for long, and says so", async () => {
    const { clock, watch, silent } = cloud();
    const vm = aVm(1, host);
    let told = 0;
    watch.attend(vm, false, () => told++);
    await clock.advance(15_000);
    expect(watch.verdict(vm.id)).toEqual({ kind: "well" });
    silent.add(vm.uuid);
    await clock.advance(40_000);
    await Promise.all([watch.stop(), clock.advance(100)]);
    expect(watch.verdict(vm.id)).toMatchObject({ kind: "failed", cause: "hung" });
    expect(told).toBeGreaterThan(0);
  });

  test("makes nothing of a guest that has never answered, and asks it more rarely", async () => {
    const { clock, watch, silent, timesOf, counted } = cloud();
    const vm = aVm(1, host);
    silent.add(vm.uuid);
    watch.attend(vm, false, quiet);
    await clock.advance(10 * 60_000);
    await Promise.all([watch.stop(), clock.advance(100)]);
    expect(watch.verdict(vm.id)).toEqual({ kind: "well" });
    expect(watch.answers(vm.id)).toBeUndefined();
    expect(timesOf(vm)).toBeLessThan(20);
    expect(counted).toEqual([]);
  });

  test("forgets what a guest answered when it stops, and what the run before answered", async () => {
    const { clock, watch, silent } = cloud();
    const vm = aVm(1, host);
    watch.attend(vm, false, quiet);
    await clock.advance(15_000);
    expect(watch.answers(vm.id)).toBeDefined();
    silent.add(vm.uuid);
    watch.attend({ ...vm, runId: 2 }, false, quiet);
    await clock.advance(120_000);
    expect(watch.verdict(vm.id)).toEqual({ kind: "well" });
    watch.leave(vm.id);
    expect(watch.lastAnswer(vm.id)).toBeUndefined();
    expect(watch.lastEver(vm.id)).toBeDefined(); // a run that began hung keeps what was saved before it
    await Promise.all([watch.stop(), clock.advance(100)]);
  });

  test("asks at once and often where an incident waits for the answer, and tells it", async () => {
    const { clock, watch, silent } = cloud();
    const vm = aVm(1, host);
    silent.add(vm.uuid);
    const told: number[] = [];
    watch.attend(vm, true, () => told.push(clock.now()));
    await clock.advance(20_000);
    expect(told).toEqual([]);
    silent.delete(vm.uuid);
    await clock.advance(defaultOptions.silentGuestEveryMs + 1_000);
    await Promise.all([watch.stop(), clock.advance(100)]);
    expect(told).toHaveLength(1);
  });
});
