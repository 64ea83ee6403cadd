import { Failure } from "../kit/failure.ts";
import type { Case } from "./kit.ts";

const optionFor = (by: Case["by"]): string =>
  by === "socket" ? "--command" : by === "webhook" ? "--webhook-command or --manager" : `--${by}-command`;

/**
 * Of the cases that this manager can be judged by (`usable`), those whose name holds these words. Throws where there are none: a manager that
 * nothing was asked of has not passed.
 */
export function chooseCases(
  all: readonly Case[],
  only: string | undefined,
  usable: (cases: readonly Case[]) => readonly Case[],
): readonly Case[] {
  const named = all.filter(({ name }) => name.includes(only ?? ""));
  const chosen = usable(named);
  if (chosen.length > 0) return chosen;
  if (named.length === 0)
    throw new Failure(
      `No case has "${only}" in its name, so nothing was tried.`,
      `These there are:\n${all.map(({ name }) => `    ${name}`).join("\n")}`,
    );
  const options = [...new Set(named.map(({ by }) => optionFor(by)))].join(", ");
  throw new Failure(
    `${named.length === 1 ? `The case "${named[0]?.name}"` : "None of the cases that were chosen"} cannot be tried on what was given.`,
    `Give a manager that it can be tried on, by ${options}.`,
  );
}

export function readPort(text: string): number {
  const port = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new Failure(`--port ${text} is no port.`, "Give one from 1 to 65535; 4711 is taken where it is left out.");
}
