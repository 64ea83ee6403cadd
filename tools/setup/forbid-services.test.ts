import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { forbidServices } from "./forbid-services.ts";

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), "belay-policy-"));
  file = path.join(dir, "policy-rc.d");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("says no to every service while it holds, and is gone after", async () => {
  const allow = await forbidServices(file);
  expect(spawnSync(file, ["libvirtd", "start"]).status).toBe(101);
  await allow();
  expect(existsSync(file)).toBe(false);
});

test("somebody else's policy stays as it is", async () => {
  writeFileSync(file, "#!/bin/sh\nexit 0\n");
  const allow = await forbidServices(file);
  await allow();
  expect(readFileSync(file, "utf8")).toBe("#!/bin/sh\nexit 0\n");
});

test("one that a killed set-up left is taken over and lifted", async () => {
  await forbidServices(file);
  const allow = await forbidServices(file);
  await allow();
  expect(existsSync(file)).toBe(false);
});
