import { afterEach, describe, expect, test } from "vitest";
import { contextAt, event, proposed } from "../decide/testing/world.ts";
import { type Journal, memoryJournal } from "../journal/index.ts";
import { ManagerError } from "../servers.ts";
import { type Agent, createAgent, stateKey } from "./agent.ts";
import type { Workers } from "./jobs.ts";

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
