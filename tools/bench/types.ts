/** What a measurement is, and what it gets from `npm run bench`. One file of this folder per measurement. */
import type { LabState } from "../../lab/index.ts";

export interface Bench {
  /** The word after `npm run bench --`. */
  readonly name: string;
  /** One plain sentence: what is measured, from when to when. */
  readonly summary: string;
  /** Measures. What it returns becomes the JSON object on the last line; the machine's facts are put beside it. */
  run(context: BenchContext): Promise<Record<string, unknown>>;
}

export interface BenchContext {
  /** `--runs N`; each measurement has its own default. */
  readonly runs: number | undefined;
  /** Every other `--key value` of the command line, without the dashes. `--key` alone is "true". */
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
