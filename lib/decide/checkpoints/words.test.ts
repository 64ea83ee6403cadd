import { expect, test } from "vitest";
import { asOf, asOfFailure, timeInWords } from "./as-of.ts";
import { isHeldByCapture } from "./held-by-capture.ts";
import { verifyEachEveryMs, verifyNext } from "./verify-next.ts";

test.each([
  [0, "less than 0.1 s"],
  [400, "0.4 s"],
  [6_000, "6 s"],
  [59_400, "59 s"],
  [150_000, "3 minutes"],
  [7_200_000, "2 hours"],
  [86_400_000, "24 hours"],
  [3 * 86_400_000, "3 days"],
])("%d ms are %s", (ms, words) => {
  expect(timeInWords(ms)).toBe(words);
});

test("an instant is said with its day only where it is another one", () => {
  const at = Date.UTC(2026, 10, 23, 12, 3, 7, 400);
  expect(asOf(at, at + 60_000)).toBe("as of 12:03:07 UTC");
  expect(asOf(at, at + 86_400_000)).toBe("as of 2026-11-23 12:03:07 UTC");
  expect(asOfFailure(at, at + 6_000)).toBe("as of 12:03:07 UTC, 6 s before the failure");
  expect(asOfFailure(at, at - 1)).toBe("as of 12:03:07 UTC");
});

test.each(["1970-01-01", "2000-02-29", "2024-12-31", "2026-03-01", "2100-02-28"])("the day %s is called so", (day) => {
  const at = Date.parse(`${day}T23:59:59Z`);
  expect(asOf(at, at + 2_000)).toBe(`as of ${day} 23:59:59 UTC`);
});

test.each([
  [{ state: "paused", reason: "user" }, true],
  [{ state: "paused", reason: "save" }, true],
  [{ state: "stopped", reason: "saved" }, true],
  [{ state: "paused", reason: "io-error" }, false],
  [{ state: "paused", reason: "crashed" }, false],
  [{ state: "stopped", reason: "failed" }, false],
  [{ state: "stopped", reason: "destroyed" }, false],
  [{ state: "running", reason: "none" }, false],
  [undefined, false],
] as const)("while it is captured, %j is the capture's doing: %s", (sight, held) => {
  expect(isHeldByCapture(sight)).toBe(held);
});

test("whose checkpoint was not read for the longest time is read next, and nobody's too often", () => {
  const now = 10 * verifyEachEveryMs;
  expect(
    verifyNext(
      [
        ["a", now - 2 * verifyEachEveryMs],
        ["b", undefined],
        ["c", 0],
      ],
      now,
    ),
  ).toBe("b");
  expect(
    verifyNext(
      [
        ["a", now - 2 * verifyEachEveryMs],
        ["c", now - 3 * verifyEachEveryMs],
      ],
      now,
    ),
  ).toBe("c");
  expect(verifyNext([["a", now - verifyEachEveryMs + 1]], now)).toBeUndefined();
  expect(verifyNext([], now)).toBeUndefined();
});
