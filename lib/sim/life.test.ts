import { expect, test } from "vitest";
import { virtualClock } from "./clock/virtual-clock.ts";
import { createLife } from "./life.ts";
import { seededRandom } from "./random.ts";
import { slow } from "./slow.ts";

function bench() {
  const clock = virtualClock();
  const life = createLife(clock);
  const done: string[] = [];
  const port = {
    async write(what: string) {
      done.push(what);
      return what;
    },
    on(hear: (what: string) => void) {
      hear("at once");
      void clock.sleep(5000).then(() => hear("later"));
      return () => undefined;
    },
  };
  return { clock, life, done, port };
}

test("a process killed before a call has not made it; one killed after it has, and never learns so", async () => {
  for (const when of ["before", "after"] as const) {
    const { clock, life, done, port } = bench();
    const wrapped = life.wrap("port", port);
    let learned = 0;
    life.killAt({ call: 2, when });
    await wrapped.write("one");
    void wrapped.write("two").then(() => learned++);
    await clock.advance(0);
    void wrapped.write("three").then(() => learned++);
    await clock.advance(1000);
    expect(done).toEqual(when === "before" ? ["one"] : ["one", "two"]);
    expect([learned, life.alive()]).toEqual([0, false]);
    expect(life.calls()).toEqual(["port.write", "port.write"]);
  }
});

test("only calls of the name are counted where one is given", async () => {
  const { clock, life, done, port } = bench();
  const wrapped = life.wrap("port", port);
  const other = life.wrap("other", port);
  life.killAt({ name: "other.write", call: 1, when: "after" });
  await wrapped.write("one");
  await wrapped.write("two");
  void other.write("three");
  await clock.advance(0);
  expect([done, life.alive()]).toEqual([["one", "two", "three"], false]);
});

test("a dead process's timers do not fire and hold nothing back, and it hears nothing", async () => {
  const { clock, life, port } = bench();
  const heard: string[] = [];
  life.wrap("port", port).on((what) => heard.push(what));
  let woke = false;
  void life.clock.sleep(1000).then(() => {
    woke = true;
  });
  life.kill();
  await clock.advance(10_000);
  expect([heard, woke, clock.pending()]).toEqual([["at once"], false, 0]);
});

test("a slow call that is under way at the kill arrives all the same", async () => {
  const { clock, life, done, port } = bench();
  const { write } = life.wrap("port", slow(port, clock, seededRandom(1, "slow"), { min: 10, max: 10 }));
  let learned = false;
  void write("one").then(() => {
    learned = true;
  });
  await clock.advance(5);
  life.kill();
  await clock.advance(100);
  expect([done, learned]).toEqual([["one"], false]);
});

test("a sleep of a living process is still given up by its own signal", async () => {
  const { clock, life } = bench();
  const stop = new AbortController();
  const sleep = life.clock.sleep(1000, stop.signal).catch((reason: unknown) => reason);
  stop.abort("enough");
  await clock.advance(0);
  expect(await sleep).toBe("enough");
});
