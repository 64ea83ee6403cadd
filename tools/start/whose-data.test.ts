import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { refuseDemoIn } from "./whose-data.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-whose-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const person = (role: string) => ({ organization: role, role, name: role, email: `${role}@x.test`, password: "word" });
const keep = (...roles: string[]) =>
  writeFile(path.join(dir, "accounts.json"), JSON.stringify({ accounts: roles.map(person) }));

test("the demo goes into a new directory and into its own, not into one of somebody's own hosts", async () => {
  await refuseDemoIn(dir);
  await keep("provider", "customer");
  await refuseDemoIn(dir);
  await keep("provider");
  await expect(refuseDemoIn(dir)).rejects.toThrow("hosts of your own");
});
