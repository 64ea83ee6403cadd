import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { readScenario, tellStory } from "../../lib/sim/index.ts";

export const scenarioFolder = join(import.meta.dirname, "..", "..", "lib", "sim", "scenarios");

export const scenarioNames = async (folder = scenarioFolder): Promise<string[]> =>
  (await readdir(folder, { withFileTypes: true }))
    .filter((it) => it.isDirectory())
    .map((it) => it.name)
    .sort();

export interface Told {
  readonly name: string;
  /** The story is its expected log, and no invariant was broken. */
  readonly passed: boolean;
}

/** Plays every scenario and compares it with the log that was reviewed. */
export async function tellAll(folder = scenarioFolder): Promise<Told[]> {
  const told: Told[] = [];
  for (const name of await scenarioNames(folder)) {
    const { lines, broken } = await tellStory(await readScenario(folder, name));
    const expected = await readFile(join(folder, name, "expected.log"), "utf8").catch(() => undefined);
    told.push({ name, passed: broken.length === 0 && expected === `${lines.join("\n")}\n` });
  }
  return told;
}
