import { expect, test } from "vitest";
import { virtualClock } from "../../sim/index.ts";
import { Patience, stallMs } from "./patience.ts";

const mib = 1024 * 1024;

function begin() {
  const clock = virtualClock(0);
  const patience = new Patience(clock);
  const { promise, resolve } = Promise.withResolvers<string>();
  const end: { it?: string | undefined } = {};
  void patience.for(promise).then((it) => {
    end.it = it ?? "given up";
  });
  return { clock, patience, resolve, end };
}

test("a capture of which nothing moves is given up", async () => {
  const { clock, end } = begin();
  await clock.advance(stallMs - 1);
  expect(end.it).toBeUndefined();
  await clock.advance(1);
  expect(end.it).toBe("given up");
});

test("the first copy of 500 GiB is waited for while it gets on, and not once it stands", async () => {
  const { clock, patience, end } = begin();
  const bytesTotal = 500 * 1024 * mib;
  let bytesDone = 0;
  for (let minute = 0; minute < 45; minute++) {
    bytesDone += 200 * mib * 60;
    patience.heard({ bytesDone, bytesTotal });
    await clock.advance(60_000);
  }
  expect(end.it).toBeUndefined();
  for (let minute = 0; minute < 14; minute++) {
    patience.heard({ bytesDone, bytesTotal });
    await clock.advance(60_000);
  }
  expect(end.it).toBe("given up");
});

test("one that ends is what it gives, and one that crawls has an end by its size", async () => {
  const ends = begin();
  ends.resolve("saved");
  await ends.clock.advance(0);
  expect(ends.end.it).toBe("saved");

  const { clock, patience, end } = begin();
  for (let minute = 0; minute < 60; minute++) {
    patience.heard({ bytesDone: minute * mib, bytesTotal: 2048 * mib });
    await clock.advance(60_000);
  }
  expect(end.it).toBe("given up");
});
