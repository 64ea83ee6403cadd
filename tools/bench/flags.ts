import { Failure } from "../kit/failure.ts";

/** One thing of a measurement that people may set: `--NAME VALUE`. */
export interface Flag<T = unknown> {
  /** Stands for the value in the help, such as "MiB". */
  readonly value: string;
  /** What it is, for the help. */
  readonly words: string;
  /** The value where it is left out. */
  readonly otherwise: T;
  /** What may be given, for whom gave something else. */
  readonly wanted: string;
  /** undefined: it is not what is wanted. */
  read(text: string): T | undefined;
}
export type Flags = Readonly<Record<string, Flag>>;
export type Values<F extends Flags> = { readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never };

const numberOf = (text: string, least: number): number | undefined => {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= least ? value : undefined;
};
const wholeOf = (text: string, least: number): number | undefined => {
  const value = numberOf(text, least);
  return Number.isInteger(value) ? value : undefined;
};

export const whole = (value: string, otherwise: number, words: string, least = 1): Flag<number> => ({
  ...{ value, words, otherwise, wanted: `a whole number, ${least} or more,` },
  read: (text) => wholeOf(text, least),
});

export const amount = (value: string, otherwise: number, words: string, least = 0): Flag<number> => ({
  ...{ value, words, otherwise, wanted: `a number, ${least} or more,` },
  read: (text) => numberOf(text, least),
});

/** Another name of a whole number. */
export const sameAs = (name: string): Flag<number | undefined> => ({
  ...{ value: "N", words: `the same as --${name}`, otherwise: undefined, wanted: "a whole number, 1 or more," },
  read: (text) => wholeOf(text, 1),
});

export const oneOf = <const T extends string>(all: readonly T[], otherwise: T, words: string): Flag<T> => ({
  ...{ value: all.join("|"), words, otherwise, wanted: `one of ${all.join(", ")}` },
  read: (text) => all.find((one) => one === text),
});

/** Several, with commas between them. */
export const someOf = <const T extends string>(all: readonly T[], words: string): Flag<readonly T[]> => ({
  ...{ value: "A,B", words: `${words}: ${all.join(", ")}`, otherwise: all, wanted: `some of ${all.join(", ")}` },
  read(text) {
    const given = new Set(text.split(","));
    const chosen = all.filter((one) => given.delete(one));
    return given.size === 0 ? chosen : undefined;
  },
});

export const usageOf = (bench: string, flags: Flags): string =>
  ["npm run bench --", bench, ...Object.entries(flags).map(([name, { value }]) => `[--${name} ${value}]`), "[--json]"]
    .join(" ")
    .trim();

/** A line for each. */
export function helpLines(flags: Flags): string[] {
  const rows = Object.entries(flags).map(([name, { value, words, otherwise }]) => {
    const told = typeof otherwise === "number" || typeof otherwise === "string" ? ` (${otherwise})` : "";
    return { head: `--${name} ${value}`, words: `${words}${told}` };
  });
  const width = Math.max(0, ...rows.map(({ head }) => head.length));
  return rows.map(({ head, words }) => `${head.padEnd(width)}  ${words}`);
}

/** What was given, and the rest as it is otherwise. Refuses what this measurement does not know: measured without it, it would mislead. */
export function valuesOf<F extends Flags>(bench: string, flags: F, args: Readonly<Record<string, string>>): Values<F> {
  const unknown = Object.keys(args).filter((name) => !Object.hasOwn(flags, name));
  if (unknown.length > 0)
    throw new Failure(
      `The measurement ${bench} does not know ${unknown.map((name) => `--${name}`).join(", ")}.`,
      `What it knows:  ${usageOf(bench, flags)}`,
    );
  const values = Object.entries(flags).map(([name, flag]) => {
    const text = args[name];
    if (text === undefined) return [name, flag.otherwise];
    const value = flag.read(text);
    if (value === undefined)
      throw new Failure(
        `--${name} ${text}: ${flag.wanted} is wanted.`,
        `npm run bench -- ${bench} --${name} ${flag.value}`,
      );
    return [name, value];
  });
  return Object.fromEntries(values) as Values<F>; // each was read by the flag of its name
}
