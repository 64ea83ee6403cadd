import { expect, test } from "vitest";
import { Turns } from "./limit.ts";

test("so many at a time, the others in their order, and one that fails gives its place on", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const all = [0, 1, 2, 3].map((n) => {
    ends[n] = Promise.withResolvers<void>();
    return turns.run(async () => {
      begun.push(n);
      await ends[n]?.promise;
      return n;
    });
  });
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error("no"));
  await expect(all[1]).rejects.toThrow("no");
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  for (const it of ends) it.resolve();
  expect(await Promise.all([all[0], all[2], all[3]])).toEqual([0, 2, 3]);
  expect(await turns.run(async () => "free again")).toBe("free again");
});
