import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { managerAction } from "../manager/actions.ts";
import { belayAction } from "../rig/actions.ts";
import { personAction } from "../rig/people.ts";
import { worldAction } from "./actions.ts";

test("ACTIONS.md lists every action, and none that is not", () => {
  const page = readFileSync(join(import.meta.dirname, "..", "ACTIONS.md"), "utf8");
  const table = page.slice(page.indexOf("| do |"), page.indexOf("## A cloud"));
  const listed = table.split("\n").flatMap((line) => (line.split("|")[1] ?? "").match(/(?<=`)[a-z-]+(?=`)/g) ?? []);
  const known = [worldAction, belayAction, personAction, managerAction].flatMap((union) =>
    union.options.map((option) => option.shape.do.value),
  );
  expect([...new Set(listed)].sort()).toEqual([...new Set<string>(known)].sort());
});
