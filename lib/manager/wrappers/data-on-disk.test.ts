import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bindingsOf, descriptionSchema } from "../description/index.ts";
import { memoryJournal } from "../journal/index.ts";
import type { HandsContext } from "../servers.ts";
import { type CommandResult, type Content, type Script, SshError, type VmShell } from "../ssh/index.ts";
import { command } from "./command.ts";
import { synchronised } from "./data.ts";
import type { Site } from "./site.ts";

/** A server of kind command whose VM is a directory here: its scripts are run by this machine's own sh. */

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-data-"));
});
afterEach(() => rm(dir, { recursive: true }));

async function runs(script: Script, input: Readable | null, to?: Writable): Promise<CommandResult> {
  const it = spawn("sh", ["-c", script.text], { stdio: "pipe" });
  const said = { stdout: "", stderr: "" };
  it.stderr.on("data", (bytes: Buffer) => (said.stderr += bytes));
  if (to === undefined) it.stdout.on("data", (bytes: Buffer) => (said.stdout += bytes));
  else it.stdout.pipe(to);
  if (input === null) it.stdin.end();
  else input.pipe(it.stdin);
  it.stdin.on("error", () => {});
  const [code] = await once(it, "close");
  if (to !== undefined) await finished(to);
  return { code, ...said };
}

const inputOf = (content: Content | Readable) =>
  content instanceof Readable
    ? content
    : typeof content === "object" && "file" in content
      ? createReadStream(content.file)
      : Readable.from([content]);

const not = (what: string) => () => expect.unreachable(what);
const shell: VmShell = {
  ...{ vm: "vm", address: "127.0.0.1", open: async () => {}, close() {} },
  ...{ put: not("put"), follow: not("follow"), tunnel: not("tunnel") },
  run: (_, script) => runs(script, null),
  feed: (_, script, content) => runs(script, inputOf(content)),
  async must(what, script) {
    const done = await runs(script, null);
    if (done.code !== 0) throw new SshError("failed", `${what}: ${done.stderr}`);
    return done.stdout;
  },
  async collect(what, script, to) {
    const done = await runs(script, null, to);
    if (done.code !== 0) throw new SshError("failed", `${what}: ${done.stderr}`);
  },
};

function world() {
  const disk = path.join(dir, "disk");
  const book = path.join(disk, "book");
  const description = descriptionSchema.parse({
    application: { name: "ledger" },
    images: { system: "bare" },
    vms: [{ name: "vm", image: "system", memoryMiB: 128 }],
    servers: [
      {
        ...{ name: "ledger", kind: "command", vm: "vm", state: "stateful" },
        options: { save: `cat ${book}`, restore: `cat > ${book}` },
      },
    ],
  });
  const [server] = description.servers;
  if (server?.kind !== "command") throw new Error("no server");
  const addresses = { of: () => "127.0.0.1", generationOf: () => 1 };
  const said: string[] = [];
  const context: HandsContext = {
    ...{ description, directory: dir, stateDir: path.join(dir, "manager"), addresses, secretOf: () => "" },
    ...{ notes: memoryJournal(), ssh: { user: "root", port: 22, privateKey: "" }, log: (words) => said.push(words) },
  };
  const under = (name: string) => path.join(disk, name);
  const site: Site<typeof server> = {
    ...{ server, context, shell, act: { signal: new AbortController().signal, progress() {} } },
    shells: { of: () => shell, close() {} },
    bindings: bindingsOf(description, addresses, "ledger"),
    paths: { config: under("etc"), state: under("state"), log: under("log"), run: under("run"), pid: under("pid") },
  };
  return {
    said,
    synchronise: () => synchronised(site, command),
    save: () => command.save?.(site),
    health: () => command.health(site),
    start: () => command.start(site),
    restore: () => command.restore?.(site),
    write: (text: string) => writeFile(book, text),
    read: () => readFile(book, "utf8"),
    async newDisk() {
      await rm(disk, { recursive: true, force: true });
      await mkdir(disk);
    },
  };
}

test("on a new disk the last save is restored, and until then nothing is saved over it", async () => {
  const it = world();
  await it.newDisk();
  await it.synchronise();
  await it.write("one");
  await it.save();
  await it.newDisk();
  await it.write("");
  await expect(it.save()).rejects.toThrow("its data are not back yet");
  await it.synchronise();
  expect(await it.read()).toBe("one");
  expect(it.said).toEqual([expect.stringMatching(/^ledger: its save of \d{4}-.* UTC is restored; what was changed/)]);
  await it.write("two");
  await it.synchronise();
  expect(await it.read()).toBe("two");
  await it.save();
});

test("on a new disk without a save it does not come up empty without a word", async () => {
  const it = world();
  await it.newDisk();
  await it.synchronise();
  await it.synchronise();
  await it.newDisk();
  await expect(it.synchronise()).rejects.toMatchObject({ code: "dataLost" });
  await expect(it.restore()).rejects.toMatchObject({ code: "noSave" });
});

test("without a command that would tell, it works once it was started", async () => {
  const it = world();
  await it.newDisk();
  expect(await it.health()).toMatchObject({ ok: false });
  await it.start();
  expect(await it.health()).toMatchObject({ ok: true });
});
