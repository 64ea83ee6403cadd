import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { memoryJournal } from "../journal/index.ts";
import { ManagerError } from "../servers.ts";
import { bringUp } from "./bring-up.ts";
import { sayingHands, shop } from "./testing/shop.ts";

const never = new AbortController().signal;

function world(says: (act: string) => void | Promise<void>, more?: string) {
  const description = shop(more);
  const journal = memoryJournal();
  const parts: string[] = [];
  const running = new Set<string>();
  return {
    parts,
    running,
    run: (signal = never) =>
      bringUp({
        ...{ description, journal, signal, servers: description.servers },
        hands: sayingHands(says, running),
        keyOf: ({ name }, step) => `${name}/${step}`,
        onPart: (part, percent) => parts.push(`${part} ${percent}`),
      }),
  };
}

test("what is needed is started first; a second run finds all done", async () => {
  const acts: string[] = [];
  const it = world((act) => void acts.push(act));
  await it.run();
  const order = (act: string) => acts.indexOf(act);
  expect(order("start page")).toBeGreaterThan(Math.max(order("start data"), order("start cache")));
  expect(order("start data")).toBeGreaterThan(order("configure page"));
  expect(order("synchronise data")).toBeGreaterThan(order("start page"));
  expect(acts.filter((act) => act.startsWith("deploy"))).toHaveLength(3);
  expect([it.parts[0], it.parts.at(-1)]).toEqual(["deploying 0", expect.stringMatching(/^synchronising 100$/)]);
  acts.length = 0;
  await it.run();
  expect(acts.filter((act) => !act.startsWith("reach"))).toEqual([]);
});

test("a server that has stopped is started and synchronised again, and nothing else is done", async () => {
  const acts: string[] = [];
  const it = world((act) => void acts.push(act));
  await it.run();
  it.running.delete("cache");
  acts.length = 0;
  await it.run();
  expect(acts.filter((act) => !act.startsWith("reach"))).toEqual(["start cache", "synchronise cache"]);
});

test("the first failure is told, and calls the others off", async () => {
  const refusal = new ManagerError({ code: "no-room", message: "The disk is full." });
  const it = world((act) => {
    if (act === "deploy data") throw refusal;
  });
  await expect(it.run()).rejects.toBe(refusal);
  expect(it.running.size).toBe(0);
});

test("a server that is not ready in its time says so, by name", async () => {
  const it = world(
    (act) => (act === "start data" ? new Promise((resolve) => setTimeout(resolve, 250)) : undefined),
    ", withinSeconds: { start: 0.1 }",
  );
  await expect(it.run()).rejects.toMatchObject({ code: "too-slow", message: expect.stringContaining("data") });
});

/** Runs it in a process of its own that dies by SIGKILL in act number `at`, once. */
const child = (dir: string, at: number) => `
  import { appendFileSync, readFileSync } from "node:fs";
  import { openJournal } from ${JSON.stringify(path.join(import.meta.dirname, "../journal/index.ts"))};
  import { bringUp } from ${JSON.stringify(path.join(import.meta.dirname, "bring-up.ts"))};
  import { sayingHands, shop } from ${JSON.stringify(path.join(import.meta.dirname, "testing/shop.ts"))};
  const file = ${JSON.stringify(path.join(dir, "acts"))};
  const before = readFileSync(file, "utf8").split("\\n").filter((act) => act.startsWith("start")).map((act) => act.slice(6));
  let count = 0;
  const description = shop();
  await bringUp({
    description,
    journal: await openJournal(${JSON.stringify(dir)}),
    servers: description.servers,
    signal: new AbortController().signal,
    hands: sayingHands((act) => {
      if (act.startsWith("reach")) return;
      appendFileSync(file, act + "\\n");
      if (++count === ${at}) process.kill(process.pid, "SIGKILL");
    }, new Set(before)),
    keyOf: ({ name }, step) => name + "/" + step,
    onPart() {},
  });
  process.exit(0);
`;

async function runs(source: string): Promise<boolean> {
  const it = spawn(process.execPath, ["--input-type=module-typescript", "-e", source], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = await once(it, "exit");
  return code === 0;
}

test("killed with SIGKILL in an act, the next run goes on: everything is done, nothing that was done is done again", async () => {
  const acts = 12;
  await Promise.all(
    [0, 1].map(async (half) => {
      for (let at = 2 + half * 3; at <= acts; at += 6) {
        const dir = await mkdtemp(path.join(tmpdir(), "belay-bring-up-"));
        await writeFile(path.join(dir, "acts"), "");
        expect(await runs(child(dir, at)), `killed in act ${at}`).toBe(false);
        expect(await runs(child(dir, 0)), `after act ${at}`).toBe(true);
        const told = (await readFile(path.join(dir, "acts"), "utf8")).trim().split("\n");
        expect(new Set(told).size).toBe(acts);
        // What was in hand when it died, on each VM one thing at most, may be done once more.
        expect(told.length - acts).toBeLessThanOrEqual(3);
        await rm(dir, { recursive: true });
      }
    }),
  );
}, 120_000);
