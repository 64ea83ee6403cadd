import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FenceDevice, type Hook, idSource } from "../model/index.ts";
import { createFenceAgents, createHookRunner } from "./index.ts";

let dir: string;
const ids = idSource(
  () => 1,
  () => 0.5,
);
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-fencing-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function script(name: string, body: string): Promise<string> {
  const file = path.join(dir, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${body}\n`);
  await chmod(file, 0o755);
  return file;
}

const device = (agent: string, over: Partial<FenceDevice> = {}): FenceDevice => ({
  id: ids.next("fnc"),
  hostId: ids.next("hst"),
  position: 1,
  agent,
  options: { ip: "192.0.2.1", password: "hunter22", plug: "host-1" },
  timeoutMs: 5_000,
  testedAt: null,
  ok: false,
  words: "",
  ...over,
});
const agents = createFenceAgents();
const refusal = (words: string | RegExp) => ({ name: "FenceFailed", message: expect.stringMatching(words) });

describe("a fence agent", () => {
  test("is told by its standard input, and never by its arguments", async () => {
    const file = await script("kept", `cat > "${dir}/input"; echo "$#" > "${dir}/arguments"`);
    await agents.switch(device(file), "off");
    expect(await readFile(path.join(dir, "input"), "utf8")).toBe(
      "action=off\nip=192.0.2.1\npassword=hunter22\nplug=host-1\n",
    );
    expect(await readFile(path.join(dir, "arguments"), "utf8")).toBe("0\n");
  });

  test("has an option that names the action overruled", async () => {
    const file = await script("overruled", "grep -q '^action=status$' && ! grep -q action=off && exit 2");
    expect(await agents.status(device(file, { options: { action: "off" } }))).toBe("off");
  });

  test.each([
    [0, "on"],
    [2, "off"],
  ])("status %i is %s", async (code, state) => {
    expect(await agents.status(device(await script(`status-${code}`, `exit ${code}`)))).toBe(state);
  });

  test.each([1, 3, 255])("status %i is a failure in its own words", async (code) => {
    const file = await script(`fails-${code}`, `echo "Failed: Unable to connect" >&2; exit ${code}`);
    await expect(agents.status(device(file))).rejects.toMatchObject(refusal("Unable to connect"));
  });

  test("that says done for off with 2 is not believed", async () => {
    await expect(agents.switch(device(await script("two", "exit 2")), "off")).rejects.toMatchObject(
      refusal("said nothing"),
    );
  });

  test("that hangs is killed with its children", async () => {
    const file = await script("hangs", `sleep 300 & echo $! > "${dir}/child"; wait`);
    await expect(agents.status(device(file, { timeoutMs: 300 }))).rejects.toMatchObject(refusal("within 300 ms"));
    const child = Number(await readFile(path.join(dir, "child"), "utf8"));
    const state = async () => (await readFile(`/proc/${child}/stat`, "utf8").catch(() => "x x Z")).split(" ")[2];
    await expect.poll(state).toBe("Z");
  });

  test("that crashes is no answer", async () => {
    await expect(agents.status(device(await script("crashes", "kill -SEGV $$")))).rejects.toMatchObject(
      refusal("signal"),
    );
  });

  test("that says too much, and its password, is cut short and kept secret", async () => {
    const file = await script("verbose", "yes 'password=hunter22 is wrong' | head -c 3000000 >&2; exit 1");
    const error = await agents.status(device(file)).catch((it: unknown) => it);
    expect(error).toMatchObject(refusal("•••"));
    expect(String(error)).not.toContain("hunter22");
    expect(String(error).length).toBeLessThan(500);
  });

  test("that leaves a child with its outputs open does not hold us up", async () => {
    expect(await agents.status(device(await script("leaves", "(sleep 20) & exit 2")))).toBe("off");
  });

  test.each(["fence_nowhere", "../agent", "relative/agent", "/nowhere/agent", ""])("%j is not there", async (agent) => {
    await expect(agents.status(device(agent))).rejects.toMatchObject(refusal("no fence agent"));
  });

  test("an option that would become two is refused", async () => {
    const file = await script("never", "exit 0");
    const sly = device(file, { options: { plug: "host-1\nplug=host-2" } });
    await expect(agents.switch(sly, "off")).rejects.toMatchObject(refusal("not one line"));
  });
});

describe("a hook", () => {
  const hook = (program: string, over: Partial<Hook> = {}): Hook => ({
    id: ids.next("hok"),
    program,
    args: [],
    cause: "qemu-died",
    timeoutMs: 5_000,
    role: "beside",
    enabled: true,
    ...over,
  });
  const run = (...[it, facts = {}]: [Hook, Record<string, unknown>?]) =>
    createHookRunner(path.join(dir, "hooks")).run(it, facts);

  test("gets its arguments as they are, facts as environment, all of them as JSON", async () => {
    await script("hooks/tell", 'printf "%s|" "$@"; echo "$BELAY_CAUSE $BELAY_HOST_NAME"; cat; exit 3');
    process.env.DATABASE_URL ??= "postgresql://secret";
    const args = ["$(id)", "a b", "'"];
    const facts = { cause: "x; rm -rf /", hostName: "h", vm: { id: 1 } };
    expect(await run(hook("tell", { args }), facts)).toEqual({
      exitCode: 3,
      timedOut: false,
      output: `$(id)|a b|'|x; rm -rf / h\n${JSON.stringify(facts)}\n`,
    });
  });

  test("does not see the server's environment", async () => {
    await script("hooks/env", "env");
    expect((await run(hook("env"))).output).not.toContain("DATABASE_URL");
  });

  test("keeps 16 KiB of what it says, and ends in time", async () => {
    await script("hooks/loud", "yes loud | head -c 1000000");
    expect((await run(hook("loud"))).output.length).toBe(16 * 1024);
    await script("hooks/slow", "echo begun; sleep 300");
    expect(await run(hook("slow", { timeoutMs: 300 }))).toEqual({ exitCode: null, output: "begun\n", timedOut: true });
  });

  test("is a file of its directory, and nothing else", async () => {
    const outside = await script("outside", "echo ran");
    await symlink(outside, path.join(dir, "hooks", "link"));
    for (const name of ["../outside", outside, "link", "absent", "", ".", "..", "tell\n"])
      expect(await run(hook(name)), name).toMatchObject({
        exitCode: null,
        output: expect.stringContaining("no program"),
      });
  });
});
