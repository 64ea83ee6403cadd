import { expect, test } from "vitest";
import { readDescription } from "../description/index.ts";
import { example } from "./example.ts";

test("the example that `init` writes is a good description", () => {
  const read = readDescription(example);
  expect(read.ok ? [] : read.faults).toEqual([]);
});
