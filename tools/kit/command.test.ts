import { expect, test } from "vitest";
import { runCommand } from "./command.ts";
import { identify, isAlive } from "./identity.ts";

const node = (script: string, options: Parameters<typeof runCommand>[2] = {}) =>
  runCommand(process.execPath, ["-e", script], options);

test("says how it ended and keeps its last lines", async () => {
  expect(await node("console.log('well')")).toEqual({ ok: true, words: "exit code 0", output: "well" });
  const failing = await node("for (let n = 0; n < 9; n++) console.error(n); process.exitCode = 3", { keepLines: 2 });
  expect(failing).toEqual({ ok: false, words: "exit code 3", output: "7\n8" });
});

test("a program that is not there is a result, no exception", async () => {
  const { ok, words } = await runCommand("/no/such/program", []);
  expect({ ok, words }).toEqual({ ok: false, words: expect.stringContaining("/no/such/program cannot be started") });
});

test("tells lines as they come, and those of file descriptor 3 apart", async () => {
  const [lines, status]: [string[], string[]] = [[], []];
  await node("console.log('a'); require('fs').writeSync(3, '50 %\\n')", {
    onLine: (line) => lines.push(line),
    onStatus: (line) => status.push(line),
  });
  expect({ lines, status }).toEqual({ lines: ["a"], status: ["50 %"] });
});

test("an abort ends it with all that it started, also what does not listen to SIGTERM", async () => {
  const controller = new AbortController();
  const deaf = "process.on('SIGTERM', () => {}); console.log(process.pid); setTimeout(() => {}, 60_000)";
  const parent = `process.on('SIGTERM', () => {}); require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(deaf)}], { stdio: 'inherit' })`;
  const child = Promise.withResolvers<number>();
  const ended = node(parent, {
    signal: controller.signal,
    patienceMs: 100,
    onLine: (line) => child.resolve(Number(line)),
  });
  const who = await identify(await child.promise);
  controller.abort();
  expect(await ended).toMatchObject({ ok: false, words: "ended by SIGKILL" });
  expect(who && (await isAlive(who))).toBe(false);
});

test("a deadline is an abort that says so", async () => {
  const { words } = await node("setTimeout(() => {}, 60_000)", { deadlineMs: 100 });
  expect(words).toBe("not ended within 0.1 s");
});
