import { expect, test } from "vitest";
import { lastBytes } from "./hook.ts";

test.each([
  ["short", 10, "short"],
  ["0123456789", 4, "6789"],
  ["aéé", 3, "é"], // the first é would be cut in its middle
  ["", 4, ""],
])("the end of %j in %i bytes is %j", (text, bytes, end) => {
  expect(lastBytes(text, bytes)).toBe(end);
});
