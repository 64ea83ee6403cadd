import { expect, test } from "vitest";
import { atLeast } from "./versions.ts";

test.each([
  ["9.0.0", "6.0.0", true],
  ["6.0.0", "6.0.0", true],
  ["5.10.9", "6.0.0", false],
  ["10.0.0", "6.0.0", true],
  ["6.0", "6.0.1", false],
])("%s is at least %s: %s", (version, wanted, expected) => expect(atLeast(version, wanted)).toBe(expected));
