import { afterEach, beforeEach, expect, test } from "vitest";
import type { RepairRunner, WorkProgram } from "../engine/ports.ts";
import { BelayError, type RepairId } from "../model/index.ts";
import { seededIds, type TestDatabase, testDatabase } from "../store/testing/index.ts";
import { dbosRunner } from "./index.ts";

const ids = seededIds(5);
let database: TestDatabase; // one per test: DBOS would recover the repairs of the one before
let open: RepairRunner[] = [];
beforeEach(async () => {
  database = await testDatabase();
});
afterEach(async () => {
  for (const runner of open) await runner.close();
  open = [];
  await database.close();
});

/** What the program did, what was logged, and a promise of the next line of either. */
function witness() {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  const say = (line: string) => {
    lines.push(line);
    for (const look of [...waiting]) look();
  };
  const until = (line: string, times = 1) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (lines.filter((said) => said === line).length < times) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const log = {
    info() {},
    warn: (words: string) => say(`warn: ${words}`),
    error: (words: string) => say(`error: ${words}`),
  };
  return { lines, say, until, log };
}

async function launch(
  program: WorkProgram,
  log: ReturnType<typeof witness>["log"],
  concurrency?: number,
): Promise<RepairRunner> {
  const runner = dbosRunner({ databaseUrl: database.url, executorId: "test", log, concurrency });
  runner.register(program);
  await runner.launch();
  open.push(runner);
  return runner;
}

test("the same repair twice, also at the same time, is one run; after its end there is none", async () => {
  const { lines, say, until, log } = witness();
  const runner = await launch(async (_, steps) => {
    await steps.run("only", async () => say("did"));
    await steps.run("end", async () => say("ended"));
  }, log);
  const repair = ids.next("rep");
  await Promise.all([runner.start(repair), runner.start(repair), runner.start(repair)]);
  await until("ended");
  await runner.start(repair);
  const other = ids.next("rep");
  await runner.start(other);
  await until("ended", 2); // whatever the late start began would have been before it
  expect(lines).toEqual(["did", "ended", "did", "ended"]);
});

test("an effect that throws is tried again, and what was done before is not", async () => {
  const { lines, say, until, log } = witness();
  let failures = 2;
  const runner = await launch(async (_, steps) => {
    await steps.run("first", async () => say("first"));
    await steps.run("flaky", async () => {
      if (failures-- > 0) throw new Error("the database is away");
      say("flaky");
    });
  }, log);
  await runner.start(ids.next("rep"));
  await until("flaky");
  const warning = 'warn: step "flaky" failed and is tried again';
  expect(lines.filter((line) => !line.startsWith("warn: DBOS"))).toEqual(["first", warning, warning, "flaky"]);
});

test("a program that throws is shown, and goes on at what was not done when it is started again", async () => {
  const { lines, say, until, log } = witness();
  let bug = true;
  const runner = await launch(async (_, steps) => {
    const value = await steps.run("first", async () => {
      say("first");
      return { remembered: 42 };
    });
    if (bug) throw new TypeError("a bug");
    await steps.run("second", async () => say(`second with ${value.remembered}`));
  }, log);
  const repair = ids.next("rep");
  const broke = `error: repair ${repair} broke off; its next start goes on with it`;
  await runner.start(repair);
  await until(broke);
  await expect
    .poll(
      async () => {
        bug = false;
        await runner.start(repair); // does nothing while the failure itself is not written yet
        return lines.includes("second with 42");
      },
      { timeout: 10_000 },
    )
    .toBe(true);
  expect(lines.filter((line) => !line.startsWith("warn: DBOS"))).toEqual(["first", broke, "second with 42"]);
});

test("a refusal of the store ends the run at once: it would say the same again", async () => {
  const { lines, until, log } = witness();
  const runner = await launch(async (_, steps) => {
    await steps.run("late", async () => {
      throw new BelayError("conflict", "The repair has ended.");
    });
  }, log);
  const repair = ids.next("rep");
  await runner.start(repair);
  await until(`warn: repair ${repair} stopped: The repair has ended.`);
  expect(lines.filter((line) => line.includes("tried again"))).toEqual([]);
});

test("no more run at a time than allowed, and all get their turn", async () => {
  const { say, until, log } = witness();
  let atWork = 0;
  let most = 0;
  const program: WorkProgram = async (_, steps) => {
    most = Math.max(most, ++atWork);
    await steps.run("work", async () => undefined);
    await steps.run("more work", async () => undefined);
    atWork--;
    say("ended");
  };
  const runner = await launch(program, log, 3);
  for (let count = 0; count < 40; count++) await runner.start(ids.next("rep"));
  await until("ended", 40);
  expect(most).toBe(3);
});

test("a close in the middle of a step cuts it off; the next launch goes on with it, and its error is not the repair's", async () => {
  const before = witness();
  const shutDown = Promise.withResolvers<never>();
  shutDown.promise.catch(() => undefined);
  const repair: RepairId = ids.next("rep");
  const first = await launch(async (_, steps) => {
    await steps.run("first", async () => before.say("first"));
    await steps.run("second", async () => {
      before.say("second");
      return shutDown.promise;
    });
  }, before.log);
  await first.start(repair);
  await before.until("second");
  await first.close();
  shutDown.reject(new Error("the connection was closed")); // as everything does when a server stops
  await expect(first.start(repair)).rejects.toThrow("not launched");

  const after = witness();
  await launch(async (_, steps) => {
    await steps.run("first", async () => after.say("first again"));
    await steps.run("second", async () => after.say("second again"));
    await steps.run("end", async () => after.say("ended"));
  }, after.log);
  await after.until("ended");
  expect(after.lines).toEqual(["second again", "ended"]);
  expect(before.lines).toEqual(["first", "second"]);
});

test("a launch without its database fails, and may be tried again", async () => {
  const { say, until, log } = witness();
  const nowhere = new URL(database.url);
  nowhere.pathname = "/nobody_made_this";
  const lost = dbosRunner({ databaseUrl: nowhere.toString(), executorId: "test", log });
  lost.register(async () => undefined);
  await expect(lost.launch()).rejects.toThrow("does not exist");
  await expect(lost.start(ids.next("rep"))).rejects.toThrow("not launched");
  const runner = await launch((_, steps) => steps.run("only", async () => say("did")), log);
  await runner.start(ids.next("rep"));
  await until("did");
});

test("a maintenance is work as a repair is", async () => {
  const { lines, say, until, log } = witness();
  const runner = await launch(async (work, steps) => steps.run("drain", async () => say(`drained by ${work}`)), log);
  const work = ids.next("mnt");
  await runner.start(work);
  await until(`drained by ${work}`);
  await runner.start(work);
  expect(lines).toEqual([`drained by ${work}`]);
});
