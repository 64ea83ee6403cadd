import { Failure } from "../kit/failure.ts";

export interface BenchCommand {
  /** undefined: show what there is. */
  readonly name: string | undefined;
  readonly runs: number | undefined;
  /** One line of JSON, for programs; else the same, laid out for people. */
  readonly json: boolean;
  readonly args: Readonly<Record<string, string>>;
}

/** `NAME [--runs N] [--json] [--key value]…`. A key without a value is "true". */
export function readCommandLine(words: readonly string[]): BenchCommand {
  let name: string | undefined;
  const args: Record<string, string> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("--")) {
      if (name !== undefined)
        throw new Failure(`"${word}" is one word too many`, "npm run bench -- NAME [--runs N] [--json]");
      name = word;
      continue;
    }
    const [key = "", inline] = word.slice(2).split("=", 2);
    const next = words[at + 1];
    const hasValue = inline === undefined && key !== "json" && next !== undefined && !next.startsWith("--");
    args[key] = inline ?? (hasValue ? next : "true");
    if (hasValue) at++;
  }
  const { runs, json, ...rest } = args;
  return { name, runs: runs === undefined ? undefined : wholeNumber(runs), json: json === "true", args: rest };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Failure(`--runs ${text}: a whole number above 0 is wanted`, "npm run bench -- NAME --runs 10");
}
