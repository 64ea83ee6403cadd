import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ManagerError } from "../servers.ts";
import { askRunning, listenForPeople } from "./control.ts";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-control-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const never = new AbortController().signal;
const wanted = { name: "db", technique: null };

test("the manager that runs does it, tells how it goes on, and how it ended", async () => {
  const running = await listenForPeople(dir, async (asked, say) => {
    say(`begins ${asked.name}`);
    return "it works";
  });
  const words: string[] = [];
  expect(await askRunning(dir, wanted, (line) => words.push(line), never)).toBe("it works");
  expect(words).toEqual(["begins db"]);
  await running.close();
});

test("its refusal comes with code and cure", async () => {
  const refusal = new ManagerError({ code: "unknown-name", message: "There is no db.", cure: "Name another." });
  const running = await listenForPeople(dir, () => Promise.reject(refusal));
  await expect(askRunning(dir, wanted, () => {}, never)).rejects.toMatchObject({
    ...{ code: "unknown-name", message: "There is no db.", cure: "Name another." },
  });
  await running.close();
});

test("where none runs, that is seen; a socket that a killed one left is replaced", async () => {
  expect(await askRunning(dir, wanted, () => {}, never)).toBeUndefined();
  const first = await listenForPeople(dir, async () => "first");
  const second = await listenForPeople(dir, async () => "second");
  expect(await askRunning(dir, wanted, () => {}, never)).toBe("second");
  await Promise.all([first.close(), second.close()]);
});

test("a person who no longer waits calls it off", async () => {
  const [begun, called] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = await listenForPeople(dir, async (_asked, _say, signal) => {
    signal.addEventListener("abort", () => called.resolve());
    begun.resolve();
    await called.promise;
    return "called off";
  });
  const person = new AbortController();
  const asked = askRunning(dir, wanted, () => {}, person.signal);
  asked.catch(() => {});
  await begun.promise;
  person.abort();
  await called.promise;
  await expect(asked).rejects.toThrow();
  await running.close();
});
