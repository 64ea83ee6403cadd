import { expect, test } from "vitest";
import { explain } from "../kit/failure.ts";
import { amount, helpLines, oneOf, sameAs, someOf, valuesOf, whole } from "./flags.ts";

const flags = {
  runs: whole("N", 10, "how often"),
  pairs: whole("N", 3, "windows of each", 0),
  dirty: amount("MiB/s", 1, "what the guest rewrites"),
  bmc: oneOf(["lit", "dark"], "lit", "its power controller"),
  only: someOf(["same-host", "standby"], "only these"),
  rounds: sameAs("runs"),
};
const valuesFor = (args: Record<string, string>) => valuesOf("restore", flags, args);
const refusal = (args: Record<string, string>): string => {
  try {
    valuesFor(args);
    return "nothing was refused";
  } catch (error) {
    return explain(error);
  }
};

test("what is left out is as it is otherwise", () => {
  expect(valuesFor({})).toEqual({
    ...{ runs: 10, pairs: 3, dirty: 1, bmc: "lit", only: ["same-host", "standby"], rounds: undefined },
  });
  const given = { runs: "2", pairs: "0", dirty: "0.5", bmc: "dark", only: "standby", rounds: "7" };
  expect(valuesFor(given)).toEqual({ runs: 2, pairs: 0, dirty: 0.5, bmc: "dark", only: ["standby"], rounds: 7 });
});

test("a flag that a measurement does not know is named, with those that it knows", () => {
  expect(refusal({ memroy: "64", runs: "2" })).toBe(
    "The measurement restore does not know --memroy.\n" +
      "  cure: What it knows:  npm run bench -- restore [--runs N] [--pairs N] [--dirty MiB/s] [--bmc lit|dark] [--only A,B] [--rounds N] [--json]",
  );
});

test.each([
  ["runs", "many"],
  ["runs", "0"],
  ["runs", "1.5"],
  ["runs", "true"],
  ["runs", ""],
  ["pairs", "-1"],
  ["dirty", "much"],
  ["bmc", "grey"],
  ["only", "standby,moon"],
])("--%s %s is refused, with what is wanted", (name, text) => {
  expect(refusal({ [name]: text })).toMatch(new RegExp(`^--${name} ${text}: .+ is wanted\\.\n {2}cure: npm run bench`));
});

test("each has a line in the help, with what it is otherwise", () => {
  expect(helpLines(flags).slice(2, 5)).toEqual([
    "--dirty MiB/s   what the guest rewrites (1)",
    "--bmc lit|dark  its power controller (lit)",
    "--only A,B      only these: same-host, standby",
  ]);
});
