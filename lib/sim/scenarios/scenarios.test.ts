import { existsSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readScenario } from "../rig/scenario.ts";
import { tellStory } from "../rig/story.ts";

const dir = import.meta.dirname;
const names = readdirSync(dir, { withFileTypes: true })
  .filter((it) => it.isDirectory())
  .map((it) => it.name);

describe.each(names)("scenario %s", (name) => {
  test("goes as its log says, and breaks no invariant", async () => {
    const { lines, broken } = await tellStory(await readScenario(dir, name));
    const text = `${lines.join("\n")}\n`;
    const file = join(dir, name, "expected.log");
    // A changed log is a changed story: it is written again only on purpose, and reviewed like code.
    if (process.env.UPDATE_SCENARIOS === "1") await writeFile(file, text);
    expect(text).toBe(await readFile(file, "utf8"));
    expect(broken).toEqual([]);
  });

  test("says in a README what it is about", () => {
    expect(existsSync(join(dir, name, "README.md"))).toBe(true);
  });
});
