/** What a measurement is, and what it gets from `npm run bench`. One file of this folder per measurement. */
import type { LabState } from "../../lab/index.ts";
import { type Flags, type Values, valuesOf } from "./flags.ts";

export interface Bench {
  /** The word after `npm run bench --`. */
  readonly name: string;
  /** One plain sentence: what is measured, from when to when. */
  readonly summary: string;
  /** All that people may set. Anything else is refused before the measurement begins. */
  readonly flags: Flags;
  /** Measures. What it returns becomes the JSON object on the last line; the machine's facts are put beside it. */
  run(context: BenchContext): Promise<Record<string, unknown>>;
}

export interface BenchContext {
  /** Every `--key value` of the command line but --json, without the dashes. `--key` alone is "true". */
  readonly args: Readonly<Record<string, string>>;
  /** Aborts when the person, or a signal, ends the measurement. */
  readonly signal: AbortSignal;
  /** One line of progress, for people, on stderr. */
  log(line: string): void;
  /** Brings a lab up (once; the same lab when asked again) that is taken down when the measurement ends, however it ends. */
  lab(options?: LabOptions): Promise<LabState>;
  /** Registers what must be done when the measurement ends, however it ends; newest first. */
  onEnd(undo: () => Promise<void> | void): void;
}

export interface LabOptions {
  /** Hypervisor hosts; 3 when left out. */
  readonly hosts?: number;
}

/** A measurement that is given the values of its flags. */
export function measurement<F extends Flags>(made: {
  readonly name: string;
  readonly summary: string;
  readonly flags: F;
  run(context: BenchContext, values: Values<F>): Promise<Record<string, unknown>>;
}): Bench {
  const { name, flags } = made;
  return { ...made, run: (context) => made.run(context, valuesOf(name, flags, context.args)) };
}
