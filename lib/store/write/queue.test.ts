import { expect, test } from "vitest";
import { WriteQueue } from "./queue.ts";

test("writes follow one another in the order in which they came, also after one that failed", async () => {
  const queue = new WriteQueue(10);
  const log: string[] = [];
  const write = (name: string, fails = false) =>
    queue.run(async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = await Promise.allSettled([write("a"), write("b", true), write("c")]);
  expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
});

test("one more than fit is refused, and there is room again when they are done", async () => {
  const queue = new WriteQueue(2);
  const hold = Promise.withResolvers<void>();
  const waiting = [queue.run(() => hold.promise), queue.run(async () => undefined)];
  await expect(queue.run(async () => undefined)).rejects.toMatchObject({ code: "not-available" });
  hold.resolve();
  await Promise.all(waiting);
  await expect(queue.run(async () => "in")).resolves.toBe("in");
});
