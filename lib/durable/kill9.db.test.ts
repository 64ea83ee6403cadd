import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededIds, seededRandom, type TestDatabase, testDatabase } from "../store/testing/index.ts";
import { stepCount } from "./testing/killed-child.ts";

const kills = 12;
const seed = Number(process.env.BELAY_TEST_SEED ?? 20);
const random = seededRandom(seed);
const ids = seededIds(seed);
const repairs = Array.from({ length: 4 }, () => ids.next("rep"));

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("CREATE TABLE journal (n serial PRIMARY KEY, repair text, step int, what text, pid int)");
});
afterAll(async () => {
  await client.end();
  await database.close();
});

const program = fileURLToPath(new URL("./testing/killed-child.ts", import.meta.url));
const run = () =>
  spawn(process.execPath, [program, database.url, ...repairs], { stdio: ["ignore", "pipe", "inherit"] });

async function says(child: ChildProcess, word: string): Promise<void> {
  if (child.stdout === null) throw new Error("the child's words are read");
  for await (const line of createInterface({ input: child.stdout })) if (line === word) return;
  throw new Error(`the child ended without "${word}"`);
}

interface Note {
  readonly repair: string;
  readonly step: number;
  readonly what: string;
  readonly pid: number;
}
const journal = async () => (await client.query<Note>("SELECT repair, step, what, pid FROM journal ORDER BY n")).rows;

test(`${kills} times kill -9 at any instant (seed ${seed}): every repair goes on and ends, and no finished step is done again`, async () => {
  for (let kill = 0; kill < kills; kill++) {
    const child = run();
    const exited = once(child, "exit");
    // Half of them while it launches and recovers, half while steps are at work.
    if (kill % 2 === 0) await sleep(random() * 900);
    else {
      await says(child, "working");
      await sleep(random() * 180);
    }
    child.kill("SIGKILL");
    const [, signal] = await exited;
    expect(signal, "it was to be killed in the middle, and had ended").toBe("SIGKILL");
  }
  expect((await journal()).some((note) => note.step > stepCount)).toBe(false);

  const last = run();
  const exited = once(last, "exit");
  await says(last, "done");
  expect(await exited).toEqual([0, null]);

  const notes = await journal();
  const pids = new Set(notes.map((note) => note.pid));
  expect(pids.size).toBeGreaterThan(5); // many of the killed ones had got to work
  for (const repair of repairs) {
    const mine = notes.filter((note) => note.repair === repair);
    const begun = mine.filter((note) => note.what === "begun");
    // Only the step in flight at a kill is done again, by the next process; what came before it stays done.
    for (const [at, note] of begun.entries()) {
      const before = begun[at - 1];
      if (before === undefined) expect(note.step).toBe(1);
      else if (note.step === before.step) expect(note.pid).not.toBe(before.pid);
      else expect(note.step).toBe(before.step + 1);
    }
    expect(begun.at(-1)?.step).toBe(stepCount);
    for (let step = 1; step <= stepCount; step++)
      expect(mine.some((note) => note.step === step && note.what === "finished")).toBe(true);
    // The results of steps that a dead process did are the ones that it got.
    expect(mine.some((note) => note.what === `sum ${(stepCount * (stepCount + 1)) / 2}`)).toBe(true);
  }

  // Everything ended: one more start finds nothing to do.
  const idle = run();
  const idleExited = once(idle, "exit");
  await says(idle, "done");
  expect(await idleExited).toEqual([0, null]);
  expect(await journal()).toHaveLength(notes.length);
});
