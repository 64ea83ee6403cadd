import { readdir } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Bench } from "./types.ts";

const isBench = (value: unknown): value is Bench =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  "summary" in value &&
  "flags" in value &&
  "run" in value;

/** Every file of this folder that exports `bench`: to add a measurement, add its file. */
export async function allBenches(dir = import.meta.dirname): Promise<Bench[]> {
  const files = (await readdir(dir)).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== "main.ts",
  );
  const modules = await Promise.all(
    files.map(async (file): Promise<unknown> => await import(pathToFileURL(path.join(dir, file)).href)),
  );
  return modules
    .flatMap((module) =>
      typeof module === "object" && module !== null && "bench" in module && isBench(module.bench) ? module.bench : [],
    )
    .sort((a, b) => a.name.localeCompare(b.name));
}
