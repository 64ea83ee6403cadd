import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { defaultOptions, type EngineOptions } from "../../engine/index.ts";
import { type CloudSpec, cloudSpec } from "../world/cloud-spec.ts";
import { type Action, action } from "./actions.ts";
import type { Database } from "./belay.ts";

const optionNames = Object.keys(defaultOptions) as (keyof EngineOptions)[];

/** `script.json`: what happens when, in milliseconds from the start, until the end of the story. */
const script = z.strictObject({
  untilMs: z.int().min(1),
  /** Of the world's chances, where a random schedule found the story. */
  seed: z.int().default(1),
  /** Calls of the store take no time, unless a random schedule found the story: then they take what the seed draws. */
  database: z.enum(["none", "drawn"]).default("none"),
  /** The engine's options where the story needs others, as shorter patience. */
  engine: z.partialRecord(z.enum(optionNames), z.int().min(1)).default({}),
  script: z.array(z.looseObject({ atMs: z.int().min(0) })),
});

export interface Scenario {
  readonly database: Database;
  readonly engine: Partial<EngineOptions>;
  readonly name: string;
  readonly hosts: CloudSpec["hosts"];
  readonly diskLocks: boolean;
  readonly untilMs: number;
  readonly seed: number;
  /** In order of time. */
  readonly steps: readonly { readonly atMs: number; readonly action: Action }[];
}

const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, "utf8"));

/** Reads a scenario's folder. Errors name the file and what in it is wrong. */
export async function readScenario(dir: string, name: string): Promise<Scenario> {
  const at = (file: string) => join(dir, name, file);
  const part = async <T>(file: string, schema: z.ZodType<T>): Promise<T> => {
    const result = schema.safeParse(await json(at(file)));
    if (!result.success) throw new Error(`${at(file)}:\n${z.prettifyError(result.error)}`);
    return result.data;
  };
  const { hosts, diskLocks } = await part("cloud.json", cloudSpec);
  const { untilMs, seed, database, engine, script: lines } = await part("script.json", script);
  const steps = lines.map(({ atMs, ...rest }) => {
    const result = action.safeParse(rest);
    if (!result.success)
      throw new Error(`${at("script.json")}: ${JSON.stringify(rest)}\n${z.prettifyError(result.error)}`);
    return { atMs, action: result.data };
  });
  return { name, hosts, diskLocks, database, engine, untilMs, seed, steps: steps.sort((a, b) => a.atMs - b.atMs) };
}
