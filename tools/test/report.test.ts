import { describe, expect, test } from "vitest";
import { tallyPlaywright } from "./playwright-report.ts";
import { closingLine, failed, isGreen, passed, reportLines, skipped } from "./tally.ts";
import { tallyVitest } from "./vitest-report.ts";

const well = { ok: true, words: "exit code 0", output: "all fine" };
const badly = { ok: false, words: "exit code 1", output: "AssertionError: 1 is not 2" };
const file = (status: string, ...tests: string[]) => ({
  name: "a.test.ts",
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});
const vitest = (counts: [number, number, number, number], ...testResults: object[]) => {
  const [numPassedTests, numFailedTests, numPendingTests, numTodoTests] = counts;
  return JSON.stringify({ numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults });
};

describe("the closing line", () => {
  test("sums up, and names what was skipped only when there is some", () => {
    expect(closingLine([passed("types"), passed("lint")])).toBe("2 passed, 0 failed");
    expect(closingLine([passed("types"), failed("lint", "x"), skipped("lab", "no root", 7)])).toBe(
      "1 passed, 1 failed, 7 skipped",
    );
  });

  test("green needs that something ran", () => {
    expect(isGreen([passed("types")])).toBe(true);
    expect(isGreen([passed("types"), failed("lint", "x")])).toBe(false);
    expect(isGreen([skipped("lab", "no root")])).toBe(false);
  });

  test("what failed is shown with its words, what was left out with its reason", () => {
    const lines = reportLines([passed("types"), failed("lint", "a.ts:1 is wrong"), skipped("lab", "needs root")]);
    expect(lines).toEqual(["", "━━ lint failed", "a.ts:1 is wrong", "left out: lab: needs root"]);
  });
});

describe("vitest", () => {
  test("passed, skipped and todo", () => {
    const json = vitest([5, 0, 2, 1], file("passed", "passed"));
    expect(tallyVitest("unit", json, well)).toEqual({ part: "unit", passed: 5, failed: 0, skipped: 3, words: [] });
  });

  test("a failed test is counted once, with what was printed", () => {
    const json = vitest([4, 1, 0, 0], file("failed", "failed", "passed"));
    expect(tallyVitest("unit", json, badly)).toMatchObject({
      passed: 4,
      failed: 1,
      words: ["exit code 1", badly.output],
    });
  });

  test("a file that cannot be loaded counts as a failure", () => {
    expect(tallyVitest("unit", vitest([4, 0, 0, 0], file("passed", "passed"), file("failed")), badly).failed).toBe(1);
  });

  test("an error outside of every test counts as a failure", () => {
    expect(tallyVitest("unit", vitest([4, 0, 0, 0], file("passed", "passed")), badly).failed).toBe(1);
  });

  test("no test at all, no report and half a report are failures", () => {
    expect(tallyVitest("unit", vitest([0, 0, 0, 0]), well).failed).toBe(1);
    expect(tallyVitest("unit", undefined, badly).failed).toBe(1);
    expect(tallyVitest("unit", '{"numPassedTests": 4', well).failed).toBe(1);
  });
});

describe("Playwright", () => {
  const report = (expected: number, unexpected: number, flaky: number, left: number, errors: object[] = []) =>
    JSON.stringify({ stats: { expected, unexpected, flaky, skipped: left }, errors });

  test("counts, and takes a flaky test as failed", () => {
    expect(tallyPlaywright("e2e", report(6, 0, 0, 1), well)).toMatchObject({ passed: 6, failed: 0, skipped: 1 });
    expect(tallyPlaywright("e2e", report(6, 1, 1, 0), badly)).toMatchObject({ passed: 6, failed: 2 });
  });

  test("a server that did not come up, no test and no report are failures", () => {
    expect(tallyPlaywright("e2e", report(0, 0, 0, 0, [{ message: "port taken" }]), badly)).toMatchObject({ failed: 1 });
    expect(tallyPlaywright("e2e", report(0, 0, 0, 0), well).failed).toBe(1);
    expect(tallyPlaywright("e2e", undefined, badly).failed).toBe(1);
  });
});
