import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod/mini";
import { bootId } from "./boot-clock.ts";
import type { HelperConfig } from "./config.ts";
import type { Remembered } from "./lease.ts";

/**
 * What the next life of the helper has to know. That a lease binds the host is kept over a boot: guests that start by themselves
 * then may run elsewhere by now. From when the lease counts is kept until the boot ends, in memory: it is written every few seconds.
 */
const bindingFile = z.object({ leaseMs: z.number(), peers: z.array(z.string()) });
const baseFile = z.object({ boot: z.string(), base: z.nullable(z.number()) });

function read<T>(file: string, schema: { parse(value: unknown): T }): T | undefined {
  try {
    return schema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

function write(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export class Memory {
  readonly #binding: string;
  readonly #base: string;
  #written = "";

  constructor({ stateDir, runDir }: Pick<HelperConfig, "stateDir" | "runDir">) {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    this.#binding = path.join(stateDir, "bound.json");
    this.#base = path.join(runDir, "lease.json");
  }

  recall(): Remembered | undefined {
    const binding = read(this.#binding, bindingFile);
    if (binding === undefined) return undefined;
    const newest = read(this.#base, baseFile);
    return { ...binding, base: newest?.boot === bootId() ? newest.base : null };
  }

  /** undefined: nothing binds. Writes only what changed. */
  keep(remembered: Remembered | undefined): void {
    if (remembered === undefined) {
      if (this.#written === "") return;
      this.#written = "";
      for (const file of [this.#binding, this.#base]) rmSync(file, { force: true });
      return;
    }
    const { base, ...binding } = remembered;
    write(this.#base, { boot: bootId(), base });
    const text = JSON.stringify(binding);
    if (text !== this.#written) write(this.#binding, binding);
    this.#written = text;
  }

  forget(): void {
    this.#written = "?";
    this.keep(undefined);
  }
}
