import { expect, test } from "vitest";
import { checkpointNumber, vmNumber } from "../../decide/testing/clouds.ts";
import { virtualClock } from "../../sim/index.ts";
import { capturesInHand, ceaseCapture, type Hands, isBeingCaptured, isRead, whileRead } from "./in-hand.ts";

const vm = vmNumber(1);

function aCapture(endsWhenCancelled: boolean) {
  const clock = virtualClock(0);
  const env: Hands = { clock };
  const said: string[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const cancel = (why: string) => {
    said.push(why);
    if (endsWhenCancelled) resolve();
  };
  capturesInHand(env).set(vm, { begunMs: 0, ended, cancel });
  return { clock, env, said, end: resolve };
}

test("nothing is waited for where nothing is captured", async () => {
  expect(await ceaseCapture({ clock: virtualClock(0) }, vm, 5_000)).toBe(true);
});

test("a capture that ends in time is not cancelled", async () => {
  const { clock, env, said, end } = aCapture(true);
  const ceased = ceaseCapture(env, vm, 5_000);
  await clock.advance(2_000);
  end();
  expect(await ceased).toBe(true);
  expect(said).toEqual([]);
});

test("one that lasts is cancelled, and it is said when even that does not end it", async () => {
  const good = aCapture(true);
  const ceased = ceaseCapture(good.env, vm, 5_000);
  await good.clock.advance(5_001);
  expect(await ceased).toBe(true);
  expect(good.said).toHaveLength(1);

  const deaf = aCapture(false);
  const not = ceaseCapture(deaf.env, vm, 0);
  await deaf.clock.advance(60_000);
  expect(await not).toBe(false);
});

test("a guest that stands still for minutes is not believed to be held by its capture", async () => {
  const { clock, env } = aCapture(false);
  expect(isBeingCaptured(env, vm)).toBe(true);
  await clock.advance(121_000);
  expect(isBeingCaptured(env, vm)).toBe(false);
  // The oldest method copies its disks meanwhile. Otherwise it would be taken for switched off by hand, and be wanted so.
  expect(isBeingCaptured(env, vm, true)).toBe(true);
});

test("a checkpoint is read until the last reader is done, well or not", async () => {
  const env: Hands = { clock: virtualClock(0) };
  const id = checkpointNumber(1);
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const readers = [whileRead(env, id, () => first.promise), whileRead(env, id, () => second.promise)];
  first.reject(new Error("no"));
  await expect(readers[0]).rejects.toThrow("no");
  expect(isRead(env, id)).toBe(true);
  second.resolve();
  await readers[1];
  expect(isRead(env, id)).toBe(false);
});
