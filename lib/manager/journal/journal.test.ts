import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { openJournal } from "./journal.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-journal-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));
const file = () => path.join(dir, "journal.jsonl");

test("what is remembered, and which steps are done, outlive the process", async () => {
  const first = await openJournal(dir);
  await first.remember("a", { b: 1 });
  await first.remember("gone", 1);
  await first.forget("gone");
  expect(await first.step("up/one", z.string(), async () => "made")).toBe("made");
  await first.close();
  const second = await openJournal(dir);
  expect([second.recall("a"), second.recall("gone")]).toEqual([{ b: 1 }, undefined]);
  const never = async () => expect.unreachable();
  expect(await second.step("up/one", z.string(), never)).toBe("made");
  await second.undo("up");
  expect(await second.step("up/one", z.string(), async () => "anew")).toBe("anew");
  await second.close();
});

test("a step that was cut off is begun again, and one that failed too", async () => {
  await writeFile(file(), '{"started":"s","at":1}\n');
  const journal = await openJournal(dir);
  await expect(journal.step("s", z.null(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await journal.step("s", z.number(), async () => 3)).toBe(3);
  await journal.close();
});

test.each(['{"note":"b","va', '{"note":"b"', "\0\0\0\0", '{"note":7}\n'])(
  "a last line that was being written when the power went (%j) is dropped",
  async (torn) => {
    await writeFile(file(), `{"note":"a","value":1}\n${torn}`);
    const journal = await openJournal(dir);
    expect(journal.recall("a")).toBe(1);
    await journal.remember("c", 2);
    await journal.close();
    expect(await readFile(file(), "utf8")).toBe('{"note":"a","value":1}\n{"note":"c","value":2}\n');
  },
);

test("damage in the middle is told, not read over", async () => {
  await writeFile(file(), '{"note":"a","value":1}\nrubbish\n{"note":"b","value":1}\n');
  await expect(openJournal(dir)).rejects.toThrow("damaged in line 2");
});

test("a long journal of few facts is written anew", async () => {
  const journal = await openJournal(dir, { compactAboveBytes: 1_000 });
  for (let n = 0; n < 200; n++) await journal.remember("n", n);
  await Promise.all(Array.from({ length: 100 }, (_, n) => journal.remember("m", n)));
  await journal.close();
  expect((await readFile(file(), "utf8")).length).toBeLessThan(3_000);
  const again = await openJournal(dir);
  expect([again.recall("n"), again.recall("m")]).toEqual([199, 99]);
  await again.close();
});

test("one process has it at a time; a killed one's lock is taken over", async () => {
  const journal = await openJournal(dir);
  await expect(openJournal(dir)).rejects.toMatchObject({ code: "already-running" });
  await journal.close();
  await writeFile(path.join(dir, "lock"), JSON.stringify({ pid: process.pid, start: "1" }));
  await (await openJournal(dir)).close();
  await writeFile(path.join(dir, "lock"), "");
  await (await openJournal(dir)).close();
});

/** Five steps, each of which writes a line to `effects`; killed with SIGKILL in step `at`, before or after the effect. */
const child = (at: number, when: "before" | "after") => `
  import { appendFileSync } from "node:fs";
  import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
  import { openJournal } from ${JSON.stringify(path.join(import.meta.dirname, "journal.ts"))};
  const journal = await openJournal(${JSON.stringify(dir)});
  for (let n = 0; n < 5; n++)
    await journal.step("s/" + n, z.number(), async () => {
      const die = (now) => now === ${JSON.stringify(when)} && n === ${at} && (process.kill(process.pid, "SIGKILL"), 1);
      die("before");
      appendFileSync(${JSON.stringify(path.join(dir, "effects"))}, n + "\\n");
      die("after");
      return n;
    });
  await journal.close();
  console.log("ended");
`;

async function runChild(source: string): Promise<boolean> {
  const it = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let ended = false;
  createInterface({ input: it.stdout }).on("line", (line) => {
    ended ||= line === "ended";
  });
  await once(it, "close");
  return ended;
}

test("killed in any step, the next run does what is left, and what was in hand once more at most", async () => {
  for (const at of [0, 2, 4])
    for (const when of ["before", "after"] as const) {
      await rm(dir, { recursive: true, force: true });
      expect(await runChild(child(at, when))).toBe(false);
      expect(await runChild(child(-1, when))).toBe(true);
      const effects = (await readFile(path.join(dir, "effects"), "utf8")).trim().split("\n").map(Number);
      const twice = when === "after" ? [at] : [];
      expect(effects).toEqual([0, 1, 2, 3, 4, ...twice].sort());
    }
}, 60_000);
