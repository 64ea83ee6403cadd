import { expect, test } from "vitest";
import { PriorityGate } from "./priority-gate.ts";

test("so many at a time, the most important of the others first, and one that fails gives its place on", async () => {
  const gate = new PriorityGate();
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const all = [0, 1, 2, 3].map((n) => {
    ends[n] = Promise.withResolvers<void>();
    return gate.run(2, n === 3 ? 1 : 0, async () => {
      begun.push(n);
      await ends[n]?.promise;
      return n;
    });
  });
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error("no"));
  await expect(all[1]).rejects.toThrow("no");
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 3]);
  for (const it of ends) it.resolve();
  expect(await Promise.all([all[0], all[2], all[3]])).toEqual([0, 2, 3]);
  expect(await gate.run(2, 0, async () => "free again")).toBe("free again");
});
