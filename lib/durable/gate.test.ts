import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

test("a place is handed to the one who waits longest, also by one that failed", async () => {
  const gate = new Gate(1);
  const log: string[] = [];
  const work = (name: string, fails = false) =>
    gate.run(async () => {
      log.push(`${name} in`);
      await Promise.resolve();
      log.push(`${name} out`);
      if (fails) throw new Error(name);
    });
  await Promise.allSettled([work("a", true), work("b"), work("c")]);
  await work("d");
  expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out", "d in", "d out"]);
});
