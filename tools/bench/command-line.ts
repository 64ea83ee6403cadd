import { Failure } from "../kit/failure.ts";

export interface BenchCommand {
  /** undefined: show what there is. */
  readonly name: string | undefined;
  /** Show what can be set instead of measuring. */
  readonly help: boolean;
  /** One line of JSON, for programs; else the same, laid out for people. */
  readonly json: boolean;
  /** What is the measurement's own to know. */
  readonly args: Readonly<Record<string, string>>;
}

/** `NAME [--json] [--help] [--key value]…`. A key without a value is "true". */
export function readCommandLine(words: readonly string[]): BenchCommand {
  let name: string | undefined;
  const args: Record<string, string> = {};
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!word.startsWith("--")) {
      if (name !== undefined)
        throw new Failure(`"${word}" is one word too many`, "npm run bench -- NAME [--FLAG VALUE] [--json]");
      name = word;
      continue;
    }
    const [key = "", inline] = word.slice(2).split("=", 2);
    const next = words[at + 1];
    const alone = key === "json" || key === "help";
    const hasValue = inline === undefined && !alone && next !== undefined && !next.startsWith("--");
    args[key] = inline ?? (hasValue ? next : "true");
    if (hasValue) at++;
  }
  const { json, help, ...rest } = args;
  return { name, help: help === "true", json: json === "true", args: rest };
}
