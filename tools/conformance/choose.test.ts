import { expect, test } from "vitest";
import { explain } from "../kit/failure.ts";
import { chooseCases, readPort } from "./choose.ts";
import type { Case } from "./kit.ts";

const made = (name: string, by: Case["by"]): Case => ({ name, by, run: async () => {} });
const all = [made("says hello", "socket"), made("webhook: says it again", "webhook"), made("says goodbye", "socket")];
const everything = (cases: readonly Case[]) => cases;
const sockets = (cases: readonly Case[]) => cases.filter(({ by }) => by === "socket");

const said = (work: () => unknown): string => {
  try {
    return JSON.stringify(work());
  } catch (error) {
    return explain(error);
  }
};

test("cases are chosen by a part of their name, and by what the manager is", () => {
  expect(chooseCases(all, undefined, everything)).toEqual(all);
  expect(chooseCases(all, "says", sockets).map(({ name }) => name)).toEqual(["says hello", "says goodbye"]);
});

test("no case at all is no success: the names are told, or the option that is missing", () => {
  expect(said(() => chooseCases(all, "helo", everything))).toBe(
    'No case has "helo" in its name, so nothing was tried.\n' +
      "  cure: These there are:\n    says hello\n    webhook: says it again\n    says goodbye",
  );
  expect(said(() => chooseCases(all, "again", sockets))).toBe(
    'The case "webhook: says it again" cannot be tried on what was given.\n' +
      "  cure: Give a manager that it can be tried on, by --webhook-command or --manager.",
  );
});

test.each(["abc", "", "0", "4711.5", "70000"])("%j is no port", (text) => {
  expect(said(() => readPort(text))).toContain("1 to 65535");
});

test("a port is a number", () => {
  expect(readPort("8080")).toBe(8080);
});
