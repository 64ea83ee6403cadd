import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as door from "./index.ts";

it("the README's example is short and uses what this room exports", () => {
  const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const [, example = ""] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  const statements = example.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("import"));
  expect(statements.length).toBeLessThanOrEqual(10);
  const [, imported = ""] = /import \{([^}]*)\}/.exec(example) ?? [];
  const names = imported.split(",").map((name) => name.trim());
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(door).toHaveProperty(name);
});
