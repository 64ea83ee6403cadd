import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { noState } from "../decide/index.ts";
import { contextAt, event, proposed } from "../decide/testing/world.ts";
import { type Journal, memoryJournal } from "../journal/index.ts";
import { ManagerError } from "../servers.ts";
import { type Agent, createAgent, stateKey, stateToGoOnWith } from "./agent.ts";
import type { Workers } from "./jobs.ts";
import { createWaits } from "./waits.ts";

const agents: Agent[] = [];
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.close()));
});

const never: Workers["act"] = (_action, signal) =>
  new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

function started(journal: Journal, act: Workers["act"] = never) {
  const { now: _, ...context } = contextAt(0);
  const agent = createAgent({
    ...{ journal, source: "test", context: () => context, send: () => true, log: () => {} },
    workers: { act, finish: async () => "", look: async () => ({ ...unseen }) },
    onBroken: () => {},
    nowMs: () => 1_000,
  });
  agents.push(agent);
  return agent;
}
const unseen = { reached: "unknown", processes: "unknown", service: "unknown" } as const;

/** Its writes end when the test says so. */
function slowJournal() {
  const written = Promise.withResolvers<void>();
  const journal = memoryJournal();
  const slow: Journal = {
    ...journal,
    remember: async (key, value) => {
      await written.promise;
      await journal.remember(key, value);
    },
  };
  return { journal: slow, written };
}

test("a message that comes twice is not received before the journal has its first", async () => {
  const { journal, written } = slowJournal();
  const agent = started(journal);
  agent.stand("active");
  const { event: message } = event(proposed());
  const received: string[] = [];
  const both = [
    agent.hear(message).then(() => received.push("first")),
    agent.hear(message).then(() => received.push("again")),
  ];
  await new Promise(setImmediate);
  expect(received).toEqual([]);
  written.resolve();
  await Promise.all(both);
  expect(journal.recall(stateKey)).toMatchObject({ seen: [message.id] });
});

describe("a repair by hand", () => {
  const ordered = { technique: "rebuild-vm", server: null, vm: "db" } as const;

  test("is in the journal before it begins, tells how it goes on, and that it has ended", async () => {
    const journal = memoryJournal();
    const words: string[] = [];
    const agent = started(journal, async ({ key }, _signal, say) => {
      expect(journal.recall(stateKey)).toMatchObject({ byHand: { db: { stage: { is: "acting", action: { key } } } } });
      say("is given back");
    });
    // Also where the provider is away: a person knows what they want.
    await agent.repair(ordered, (line) => words.push(line));
    expect(words).toEqual(["is given back"]);
    expect(journal.recall(stateKey)).toMatchObject({ byHand: { db: { stage: { is: "settling" } } } });
  });

  test("has its steps until its end is kept: a VM that was just given is not given back by the next run", async () => {
    const kept = memoryJournal();
    const forgotten: unknown[] = [];
    const journal: Journal = {
      ...kept,
      undo: async (key) => {
        forgotten.push(kept.recall(stateKey));
        await kept.undo(key);
      },
    };
    const agent = started(journal, ({ key }) => journal.step(`${key}/free/db`, z.undefined(), async () => undefined));
    await agent.repair(ordered, () => {});
    expect(forgotten).toMatchObject([{ byHand: { db: { stage: { is: "settling" } } } }]);
    expect(kept.stepKeys("by-hand/")).toEqual([]);
  });

  test("that fails says why, with its cure", async () => {
    const problem = { code: "allocation-failed", message: "There is no room.", cure: "Ask for less." };
    const agent = started(memoryJournal(), () => Promise.reject(new ManagerError(problem)));
    await expect(agent.repair(ordered, () => {})).rejects.toMatchObject(problem);
  });

  test("is refused where another one of the VM is on its way, and by a manager that stands by", async () => {
    const agent = started(memoryJournal());
    void agent.repair(ordered, () => {}).catch(() => {});
    await expect(agent.repair(ordered, () => {})).rejects.toMatchObject({
      code: "in-hand",
      message: expect.stringMatching(/on its way already/),
    });
    agent.stand("standby");
    await expect(agent.repair({ ...ordered, vm: "web" }, () => {})).rejects.toMatchObject({
      message: expect.stringMatching(/stands by/),
    });
  });

  test("that gives way to the provider's is told to have", async () => {
    const agent = started(memoryJournal());
    agent.stand("active");
    const restart = agent.repair({ technique: "restart-server", server: "data", vm: "db" }, () => {});
    await agent.feed(event(proposed()));
    await expect(restart).rejects.toMatchObject({ code: "in-hand", message: expect.stringMatching(/gave way/) });
  });

  test("that was killed in the middle is gone on with by the next run, under the same key", async () => {
    const journal = memoryJournal();
    const killed = started(journal);
    void killed.repair(ordered, () => {}).catch(() => {});
    await new Promise(setImmediate);
    const before = journal.recall(stateKey);
    await killed.close();
    expect(journal.recall(stateKey)).toEqual(before);
    const again = Promise.withResolvers<string>();
    started(journal, async ({ key }) => again.resolve(key));
    expect(await again.promise).toBe("by-hand/rebuild-vm/db/1000");
  });
});

const trouble = {
  ...{ server: "data", vm: "db", since: 0, view: unseen, words: "", conclusion: null, tried: [], notMadeAnew: null },
};

test("a rebuild of long ago that was cut off is not gone on with, and the log says so", async () => {
  const journal = memoryJournal();
  const action = { technique: "rebuild-vm", key: "alone/1", server: "data", vms: ["db"] } as const;
  const own = { ...trouble, stage: { is: "acting", action, at: 0 } } as const;
  await journal.remember(stateKey, { ...noState, troubles: { data: own } });
  const words: string[] = [];
  const log = (line: string) => void words.push(line);
  expect(stateToGoOnWith(journal, 60_000, log).troubles).toEqual({ data: own });
  expect(words).toEqual([]);
  expect(stateToGoOnWith(journal, 30 * 60_000, log)).toEqual(noState);
  expect(words).toEqual([expect.stringMatching(/^rebuild-vm of data was begun half an hour ago or longer/)]);
});

test("why nothing more is done is told once, and again when it is another reason", () => {
  const words: string[] = [];
  const tell = createWaits((line) => void words.push(line));
  const waiting = (why: string) => ({
    ...noState,
    troubles: { data: { ...trouble, stage: { is: "waiting", until: 1, why } as const } },
  });
  const asked = { ...trouble, stage: { is: "settling", until: 1 } as const };
  for (const state of [waiting("A."), { ...noState, troubles: { data: asked } }, waiting("A."), waiting("B.")])
    tell(state);
  expect(words).toEqual(["data does not work. A.", "data does not work. B."]);
  for (const state of [noState, waiting("B.")]) tell(state);
  expect(words).toHaveLength(3);
});
