import { parseArgs } from "node:util";
import { Failure } from "../kit/failure.ts";

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly json: boolean;
}

const usage = "npm run lab -- soak [--minutes N] [--seed S] [--json]";

function given(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { minutes: { type: "string" }, seed: { type: "string" }, json: { type: "boolean" } },
    }).values;
  } catch (cause) {
    // Node's first sentence is good enough; the rest of it speaks of positional arguments.
    throw new Failure((cause instanceof Error ? cause.message : String(cause)).split(". ")[0] ?? "", usage, { cause });
  }
}

function number(name: string, text: string, fits: (value: number) => boolean, wanted: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && fits(value)) return value;
  throw new Failure(`--${name} ${text}: ${wanted} is wanted.`, usage);
}

/** Throws a `Failure` with the cure. */
export function readSoakOptions(args: readonly string[], otherwise: { readonly seed: number }): SoakOptions {
  const { minutes = "10", seed = String(otherwise.seed), json = false } = given(args);
  return {
    minutes: number("minutes", minutes, (value) => value > 0, "a number above 0"),
    seed: number("seed", seed, (value) => Number.isSafeInteger(value) && value >= 0, "a whole number, 0 or more,"),
    json,
  };
}
