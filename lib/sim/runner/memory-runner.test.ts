import { expect, test } from "vitest";
import type { Log, WorkProgram } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import { virtualClock } from "../clock/virtual-clock.ts";
import { seededIds } from "../ids.ts";
import { createLife } from "../life.ts";
import { memoryJournal } from "./journal.ts";
import { memoryRunner } from "./memory-runner.ts";

function bench() {
  const clock = virtualClock();
  const journal = memoryJournal();
  const done: string[] = [];
  const lines: string[] = [];
  const write = (words: string) => void lines.push(words);
  const log: Log = { info: write, warn: write, error: write };
  const repair = seededIds(1, clock).next("rep");
  /** A process with a runner of its own. Its effects take a second each. */
  const process = (program?: WorkProgram) => {
    const life = createLife(clock);
    const runner = memoryRunner({ journal: life.wrap("journal", journal), clock: life.clock, log });
    const effect = async (name: string, result: unknown = name) => {
      await life.clock.sleep(1000);
      done.push(name);
      return result;
    };
    runner.register(
      program ??
        (async (_, steps) => {
          const first = await steps.run("first", () => effect("first", { ok: true, at: clock.now() }));
          await steps.run("second", () => effect("second"));
          await steps.run("third", () => effect(`third after ${JSON.stringify(first)}`));
        }),
    );
    return { life, runner, effect };
  };
  return { clock, journal, done, lines, repair, process };
}

test("a program runs once, however often it is started", async () => {
  const { clock, done, repair, process } = bench();
  const { runner } = process();
  await runner.launch();
  await Promise.all([runner.start(repair), runner.start(repair)]);
  await clock.advance(10_000);
  await runner.start(repair);
  await clock.advance(10_000);
  expect(done).toEqual(["first", "second", expect.stringContaining("third")]);
});

test("after a kill finished steps keep their results and only the step in flight is done again", async () => {
  const { clock, done, repair, process } = bench();
  const old = process();
  await old.runner.launch();
  await old.runner.start(repair);
  await clock.advance(1500);
  old.life.kill();
  await clock.advance(60_000);
  expect(done).toEqual(["first"]);
  await process().runner.launch();
  await clock.advance(10_000);
  expect(done).toEqual(["first", "second", 'third after {"ok":true,"at":0}']);
});

test("a step that was done and not yet journalled at the kill is done again", async () => {
  const { clock, done, repair, process } = bench();
  const old = process();
  await old.runner.launch();
  await old.runner.start(repair);
  old.life.killAt({ name: "journal.append", call: 1, when: "before" });
  await clock.advance(10_000);
  await process().runner.launch();
  await clock.advance(10_000);
  expect(done.slice(0, 3)).toEqual(["first", "first", "second"]);
});

test("an effect that throws is tried again, with longer and longer pauses; a refusal is not", async () => {
  const { clock, lines, repair, process } = bench();
  let tries = 0;
  const { runner } = process(async (_, steps) => {
    await steps.run("flaky", async () => {
      if (++tries < 4) throw new Error("the database is away");
    });
    await steps.run("refused", async () => {
      tries++;
      throw new BelayError("conflict", "no");
    });
  });
  await runner.launch();
  await runner.start(repair);
  await clock.advance(5000);
  expect(tries).toBe(5);
  expect(lines.at(-1)).toMatch(/stopped: BelayError: no/);
});

test("a program that broke off goes on at the step that failed when it is started again", async () => {
  const { clock, done, lines, repair, process } = bench();
  let broken = true;
  const { runner, effect } = process(async (_, steps) => {
    await steps.run("first", () => effect("first"));
    await steps.run("second", async () => {
      if (broken) throw new Error("still away");
    });
    await steps.run("third", () => effect("third"));
  });
  await runner.launch();
  await runner.start(repair);
  await clock.advance(120_000);
  expect(lines.at(-1)).toMatch(/broke off/);
  broken = false;
  await runner.start(repair);
  await clock.advance(5000);
  expect(done).toEqual(["first", "third"]);
});

test("a program that comes to other steps than before is stopped before it does any", async () => {
  const { clock, done, lines, repair, process } = bench();
  const old = process();
  await old.runner.launch();
  await old.runner.start(repair);
  await clock.advance(1500);
  old.life.kill();
  const next = process(async (_, steps) => {
    await steps.run("changed", async () => done.push("changed"));
  });
  await next.runner.launch();
  await clock.advance(5000);
  expect(done).toEqual(["first"]);
  expect(lines.at(-1)).toMatch(/broke off/);
});

test("a closed runner parks its programs; the next one goes on with them", async () => {
  const { clock, done, repair, process } = bench();
  const { runner } = process();
  await runner.launch();
  await runner.start(repair);
  await clock.advance(1500);
  await runner.close();
  await expect(runner.start(repair)).rejects.toThrow("not launched");
  await clock.advance(60_000);
  expect(done).toEqual(["first", "second"]); // in flight at the close, its result not kept
  await process().runner.launch();
  await clock.advance(10_000);
  expect(done).toEqual(["first", "second", "second", expect.stringContaining("third")]);
});
