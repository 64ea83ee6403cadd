import fc from "fast-check";
import { expect, test } from "vitest";
import { virtualClock } from "./virtual-clock.ts";

test("time stands still until it is advanced, and stands where it was told to", async () => {
  const clock = virtualClock(1000);
  let woke = false;
  void clock.sleep(50).then(() => {
    woke = true;
  });
  await clock.advance(49);
  expect([clock.now(), woke]).toEqual([1049, false]);
  await clock.advance(1);
  expect([clock.now(), woke, clock.pending()]).toEqual([1050, true, 0]);
});

test("timers fire by time, then by age, and each comes to rest before the next", async () => {
  const clock = virtualClock();
  const seen: string[] = [];
  const chain = async (name: string, ms: number) => {
    await clock.sleep(ms);
    for (let turn = 0; turn < 20; turn++) await null;
    seen.push(`${name} ${clock.now()}`);
    if (name.length < 3) await chain(`${name}'`, 5);
  };
  void chain("b", 10);
  void chain("c", 10);
  void chain("a", 5);
  await clock.advance(100);
  expect(seen).toEqual(["a 5", "b 10", "c 10", "a' 10", "b' 15", "c' 15", "a'' 15", "b'' 20", "c'' 20"]);
});

test("a sleep is given up with the signal's reason, before or while it lasts", async () => {
  const clock = virtualClock();
  await expect(clock.sleep(5, AbortSignal.abort("no"))).rejects.toBe("no");
  const controller = new AbortController();
  const sleep = clock.sleep(5, controller.signal).then(
    () => "slept",
    (reason: unknown) => reason,
  );
  controller.abort("enough");
  controller.abort("twice");
  await clock.advance(10);
  expect(await sleep).toBe("enough");
  expect(clock.pending()).toBe(0);
});

test("runUntil stops at the timer that makes it true, or says that none did", async () => {
  const clock = virtualClock();
  let count = 0;
  void (async () => {
    for (;;) {
      await clock.sleep(100);
      count++;
    }
  })();
  expect(await clock.runUntil(() => count === 3, 10_000)).toBe(true);
  expect(clock.now()).toBe(300);
  expect(await clock.runUntil(() => count === 1000, 500)).toBe(false);
  expect([clock.now(), count]).toEqual([800, 8]);
});

test("any timers, with any of them given up, fire in the order of a plain sort", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 200 }), async (list) => {
      const clock = virtualClock();
      const fired: number[] = [];
      const controllers = list.map(() => new AbortController());
      for (const [index, [ms]] of list.entries())
        clock.sleep(ms, controllers[index]?.signal).then(
          () => fired.push(index),
          () => undefined,
        );
      for (const [index, [, given]] of list.entries()) if (given) controllers[index]?.abort("given up");
      await clock.advance(50);
      const expected = list.flatMap(([ms, given], index) => (given ? [] : [{ ms, index }]));
      expect(fired).toEqual(expected.sort((a, b) => a.ms - b.ms || a.index - b.index).map((it) => it.index));
      expect(clock.pending()).toBe(0);
    }),
    { seed: 7, numRuns: 60 },
  );
});
