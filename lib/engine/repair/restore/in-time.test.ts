import { expect, test } from "vitest";
import { checkpointNumber } from "../../../decide/testing/clouds.ts";
import { virtualClock } from "../../../sim/index.ts";
import { HostUnreachable } from "../../ports.ts";
import { restoreInTime } from "./in-time.ts";
import { restoreWithinMs } from "./patience.ts";

const id = checkpointNumber(1);

function begin() {
  const clock = virtualClock(0);
  const { promise, resolve, reject } = Promise.withResolvers<{ done: boolean }>();
  let signal: AbortSignal | undefined;
  const end: { it?: unknown } = {};
  restoreInTime({ clock }, id, (given) => {
    signal = given;
    return promise;
  }).then(
    (it) => {
      end.it = it ?? "called off";
    },
    (error: unknown) => {
      end.it = error;
    },
  );
  return { clock, resolve, reject, end, aborted: () => signal?.aborted };
}

test("a restore that is late is called off, and is not over before it has ended", async () => {
  const it = begin();
  await it.clock.advance(restoreWithinMs - 1);
  expect(it.aborted()).toBe(false);
  await it.clock.advance(60_000);
  expect(it.aborted()).toBe(true);
  expect(it.end).toEqual({}); // it may start the VM still
  it.reject(new Error("It took too long."));
  await it.clock.advance(0);
  expect(it.end.it).toBe("called off");
});

test("a start that was on its way when it was called off counts", async () => {
  const it = begin();
  await it.clock.advance(restoreWithinMs + 1);
  it.resolve({ done: true });
  await it.clock.advance(0);
  expect(it.end.it).toEqual({ done: true });
});

test("nothing is known of one that never ends", async () => {
  const it = begin();
  await it.clock.advance(2 * restoreWithinMs);
  expect(it.end.it).toBeInstanceOf(HostUnreachable);
});
