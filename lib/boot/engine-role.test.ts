import { expect, test, vi } from "vitest";
import type { AdvisoryLock } from "../store/index.ts";
import { engineRole } from "./engine-role.ts";

vi.setConfig({ testTimeout: 30_000 });
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 10_000 });
const log = { info() {}, warn() {}, error() {} };

/** A lock that several roles contend for, and whose holder's connection can be broken. */
function contended() {
  const waiting: (() => void)[] = [];
  let breakHolder: (() => void) | undefined;
  const next = () => waiting.shift()?.();
  return {
    break() {
      breakHolder?.();
      breakHolder = undefined;
      next();
    },
    lock(): AdvisoryLock {
      const acquired = Promise.withResolvers<void>();
      const lost = Promise.withResolvers<void>();
      let mine = false;
      const take = () => {
        mine = true;
        breakHolder = () => {
          mine = false;
          lost.resolve();
        };
        acquired.resolve();
      };
      if (breakHolder === undefined) take();
      else waiting.push(take);
      return {
        acquired: acquired.promise,
        lost: lost.promise,
        async release() {
          if (waiting.includes(take)) waiting.splice(waiting.indexOf(take), 1);
          if (!mine) return;
          mine = false;
          breakHolder = undefined;
          next();
        },
      };
    },
  };
}

/** Engines by name, and how many work at each moment. */
function watchEngines() {
  const working = new Set<string>();
  const story: string[] = [];
  let most = 0;
  const engine = (name: string) => ({
    async start() {
      working.add(name);
      most = Math.max(most, working.size);
      story.push(`${name} starts`);
    },
    async stop() {
      working.delete(name);
      story.push(`${name} stops`);
    },
  });
  return { engine, working, story, most: () => most };
}

const surrender = (words: string) => {
  throw new Error(words);
};

test("one engine works, the other takes over when it stops", async () => {
  const { lock } = contended();
  const { engine, working, story, most } = watchEngines();
  const first = engineRole({ lock, create: () => engine("first"), surrender, log });
  await eventually(() => [...working]).toEqual(["first"]);
  const second = engineRole({ lock, create: () => engine("second"), surrender, log });
  await first.stop();
  await eventually(() => [...working]).toEqual(["second"]);
  await second.stop();
  expect(story).toEqual(["first starts", "first stops", "second starts", "second stops"]);
  expect(most()).toBe(1);
});

test("an engine whose lock breaks stops, and begins again when it has the lock", async () => {
  const lock = contended();
  const { engine, story } = watchEngines();
  const role = engineRole({ lock: lock.lock, create: () => engine("it"), surrender, log });
  await eventually(() => story).toEqual(["it starts"]);
  lock.break();
  await eventually(() => story).toEqual(["it starts", "it stops", "it starts"]);
  await role.stop();
  expect(story.at(-1)).toBe("it stops");
});

test("an engine that does not start is tried again", async () => {
  const { lock } = contended();
  const { engine, story } = watchEngines();
  let tries = 0;
  const create = () => {
    const made = engine("it");
    return ++tries > 1 ? made : { ...made, start: () => Promise.reject(new Error("no database")) };
  };
  const role = engineRole({ lock, create, surrender, log });
  await eventually(() => story).toEqual(["it stops", "it starts"]);
  await role.stop();
});

test("a standby stops while it waits", async () => {
  const { lock } = contended();
  const { engine, story } = watchEngines();
  const first = engineRole({ lock, create: () => engine("first"), surrender, log });
  const second = engineRole({ lock, create: () => engine("second"), surrender, log });
  await second.stop();
  await first.stop();
  expect(story).toEqual(["first starts", "first stops"]);
});
