import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { example } from "../../commands/example.ts";
import { readDescription, serverNamed } from "../../description/index.ts";
import { memoryJournal } from "../../journal/index.ts";
import type { HandsContext } from "../../servers.ts";
import { type Shells, SshError, type VmShell } from "../../ssh/index.ts";
import { siteOf } from "../site.ts";
import { databaseElsewhere } from "./saves.ts";

let stateDir = "";
beforeAll(async () => {
  stateDir = await mkdtemp(path.join(tmpdir(), "belay-elsewhere-"));
});
afterAll(() => rm(stateDir, { recursive: true }));

/** Where mariadb-1's data are, when its mirror mariadb-2 on db-2 says so of itself. */
async function elsewhere(mirror: "open" | "closed" | "silent", leaving: readonly string[]) {
  const read = readDescription(example);
  if (!read.ok) throw new Error("the example is wrong");
  const server = serverNamed(read.description, "mariadb-1");
  if (server.kind !== "mariadb") throw new Error("it is no database");
  const not = () => expect.unreachable();
  const shellOf = (vm: string): VmShell => ({
    ...{ vm, address: "198.18.0.1", open: not, run: not, must: not, put: not, follow: not, collect: not, tunnel: not },
    async feed() {
      expect(vm).toBe("db-2");
      if (mirror === "silent") throw new SshError("unreachable", "db-2 does not answer");
      return { code: 0, stdout: `whole\n${mirror === "open" ? 0 : 1}\t2-2-7\t\tshop\n`, stderr: "" };
    },
    close() {},
  });
  const shells: Shells = { of: shellOf, close() {} };
  const context: HandsContext = {
    ...{ description: read.description, directory: "", stateDir, notes: memoryJournal(), secretOf: () => "", log() {} },
    addresses: { of: () => "198.18.0.1", generationOf: () => 1 },
    ssh: { user: "root", port: 22, privateKey: "" },
  };
  const act = { signal: new AbortController().signal, progress() {} };
  return await databaseElsewhere(siteOf(context, shells, server, act), leaving);
}

test("a mirror counts while it is in rotation, and does not leave as well; without one a save does", async () => {
  expect(await elsewhere("open", ["db-1"])).toMatchObject({ by: "mirror" });
  expect(await elsewhere("open", ["db-1", "db-2"])).toMatchObject({ by: "nobody" });
  expect(await elsewhere("closed", ["db-1"])).toMatchObject({ by: "nobody" });
  expect(await elsewhere("silent", ["db-1"])).toMatchObject({ by: "nobody" });
  const saves = path.join(stateDir, "saves/mariadb-1");
  await mkdir(saves, { recursive: true });
  await writeFile(path.join(saves, "2026-11-23T16-40-05.123Z.save"), "");
  expect(await elsewhere("silent", ["db-1"])).toEqual({
    ...{ by: "save", words: "mariadb-1 comes back as of its save of 2026-11-23 16:40:05 UTC." },
  });
});
