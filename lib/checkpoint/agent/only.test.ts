import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { beTheOnly } from "./only.ts";

let place: string;
beforeEach(async () => {
  place = path.join(await mkdtemp(path.join(tmpdir(), "belay-only-")), "lock");
});
afterEach(() => rm(path.dirname(place), { recursive: true, force: true }));

test("the newest agent is the only one: the one before is asked to end, and waited for", async () => {
  const asked = Promise.withResolvers<void>();
  const giveUp = await beTheOnly(asked.resolve, place);
  let second = false;
  const next = beTheOnly(() => undefined, place).then((end) => {
    second = true;
    return end;
  });
  await asked.promise;
  expect(second).toBe(false);
  await giveUp();
  await (await next)();
});

test("of several that come at once one after the other is", async () => {
  let now = 0;
  let most = 0;
  const be = async () => {
    const told = Promise.withResolvers<void>();
    const end = await beTheOnly(told.resolve, place);
    most = Math.max(most, ++now);
    await Promise.race([told.promise, new Promise((resolve) => setTimeout(resolve, 20))]);
    now -= 1;
    await end();
  };
  await Promise.all([be(), be(), be(), be()]);
  expect(most).toBe(1);
});

test("what a killed one left is in nobody's way, and nobody but root gets in", async () => {
  await (await beTheOnly(() => undefined, place))();
  await writeFile(path.join(place, "agent.sock"), "");
  await (await beTheOnly(() => undefined, place))();
  expect((await stat(place)).mode & 0o777).toBe(0o700);
});
