import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { sh, shellQuote } from "./script.ts";

const said = (script: { text: string }) => execFileSync("/bin/sh", ["-s"], { input: script.text, encoding: "utf8" });
const nasty = [
  "",
  "plain",
  "two words",
  "it's",
  "$(id)",
  "`id`",
  "a\nb",
  '"; rm -rf /',
  "\\",
  "--",
  "ünï",
  "*",
  "{{x}}",
];

it("gives a shell each value as one word, whatever it holds", () => {
  for (const value of nasty) expect(said(sh`printf %s ${value}`)).toBe(value);
  expect(said(sh`for word in ${nasty}; do printf '%s|' "$word"; done`)).toBe(`${nasty.join("|")}|`);
});

it("takes scripts in scripts as they are, and lists of them as lines", () => {
  expect(said(sh`${[sh`echo ${"a b"}`, sh`echo 2`]}`)).toBe("a b\n2\n");
  expect(said(sh`sh -c ${sh`echo ${"it's"}`.text}`)).toBe("it's\n");
});

it("leaves backslashes of the source as they are", () => {
  expect(said(sh`printf 'a\tb\n'`)).toBe("a\tb\n");
});

it("refuses what no shell can hold", () => {
  expect(() => shellQuote("a\0b")).toThrow("NUL");
  expect(() => sh`${1.5}`).toThrow("whole number");
});
