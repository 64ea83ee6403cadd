import { expect, test } from "vitest";
import { linesOf, optionsOf } from "./fence-options.ts";

test("options are lines of name=value, and the same again from the lines", () => {
  const options = { ip: "198.18.0.9", password: "a=b c" };
  expect(linesOf(options)).toBe("ip=198.18.0.9\npassword=a=b c");
  expect(optionsOf(`\n ${linesOf(options)}\n`)).toEqual({ options, wrong: undefined });
});

test.each([
  ["ip", /form name=value/],
  ["=x", /form name=value/],
  ["ip=1\nip=2", /named twice/],
])("%j is said to be wrong", (text, words) => expect(optionsOf(text).wrong).toMatch(words));
