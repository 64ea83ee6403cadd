import { describe, expect, test } from "vitest";
import { keptState, stateKey, type Workers } from "../agent/index.ts";
import { reduce } from "../decide/index.ts";
import { contextAt, described, event, proposed } from "../decide/testing/world.ts";
import { sayingHands } from "../finish/testing/shop.ts";
import { memoryJournal } from "../journal/index.ts";
import { vmRecords } from "../provision/index.ts";
import { journalled, orderOf, worksAgain } from "./repair.ts";

const description = described();

describe("what is ordered", () => {
  test.each([
    ["data", null, { technique: "restart-server", server: "data", vm: "db" }],
    ["data", "replay-server", { technique: "replay-server", server: "data", vm: "db" }],
    ["data", "rebuild-vm", { technique: "rebuild-vm", server: "data", vm: "db" }],
    ["db", null, { technique: "rebuild-vm", server: null, vm: "db" }],
  ])("%s with %s", (name, technique, expected) => {
    expect(orderOf(description, name, technique)).toEqual(expected);
  });

  test.each([
    ["none", null, "unknown-name"],
    ["db", "restart-server", "unknown-name"],
    ["data", "pray", "unknown-technique"],
  ])("%s with %s is refused: %s", (name, technique, code) => {
    expect(() => orderOf(description, name, technique)).toThrow(expect.objectContaining({ code }));
  });
});

describe("where no manager runs", () => {
  const anew = orderOf(description, "db", null);
  const restart = orderOf(description, "data", null);
  const never = new AbortController().signal;

  function place() {
    const journal = memoryJournal();
    const keys: string[] = [];
    const work = { description, journal, records: vmRecords(journal, description), instance: "one" };
    return {
      ...{ journal, keys },
      stage: () => keptState(journal).byHand.db?.stage.is,
      run: (order: typeof anew, act: Workers["act"] = async () => {}, signal = never) =>
        journalled(
          work,
          order,
          {
            act: (action, ...rest) => {
              keys.push(action.key);
              return act(action, ...rest);
            },
          },
          () => {},
          signal,
        ),
    };
  }

  test("it is journalled before it begins, and when it has ended", async () => {
    const it = place();
    await it.run(anew, async () => expect(it.stage()).toBe("acting"));
    expect(it.stage()).toBe("settling");
  });

  test("cut off while its VM is made anew it is gone on with, under the same key; another order is refused", async () => {
    const it = place();
    const stop = new AbortController();
    const cut: Workers["act"] = async () => {
      stop.abort();
      throw new Error("interrupted");
    };
    await expect(it.run(anew, cut, stop.signal)).rejects.toThrow("interrupted");
    expect(it.stage()).toBe("acting");
    await expect(it.run(restart)).rejects.toMatchObject({ code: "in-hand", cure: expect.stringContaining("run") });
    await it.run(anew);
    expect(new Set(it.keys).size).toBe(1);
    expect(it.keys).toHaveLength(2);
  });

  test("a restart that is called off has ended, as has one that failed", async () => {
    const it = place();
    await expect(it.run(restart, () => Promise.reject(new Error("no way in")))).rejects.toThrow("no way in");
    expect(it.stage()).toBe("settling");
  });

  test("it is refused while the provider's repair is on its way", async () => {
    const it = place();
    const heard = reduce(keptState(it.journal), event(proposed()), contextAt(Date.now()));
    await it.journal.remember(stateKey, heard);
    await expect(it.run(anew)).rejects.toMatchObject({ message: expect.stringContaining("provider's repair") });
    expect(it.keys).toEqual([]);
  });
});

describe("what was repaired is looked at", () => {
  const order = orderOf(description, "data", null);
  const act = { signal: new AbortController().signal, progress() {} };
  const handsThatWorkAfter = (looks: number) => {
    let looked = 0;
    return { ...sayingHands(() => {}), health: async () => ({ ok: ++looked > looks, words: "it begins" }) };
  };

  test("until it works: it may take a while to come up", async () => {
    const work = { description, hands: handsThatWorkAfter(3) };
    expect(await worksAgain(work, "data", order, act, 1)).toContain("it works");
  });

  test("and no longer than it may take to start", async () => {
    const servers = description.servers.map((one) => ({
      ...one,
      withinSeconds: { ...one.withinSeconds, start: 0.01 },
    }));
    const work = { description: { ...description, servers }, hands: handsThatWorkAfter(Number.POSITIVE_INFINITY) };
    await expect(worksAgain(work, "data", order, act, 1)).rejects.toMatchObject({
      ...{ code: "still-down", message: "restart-server was done, and data does not work: it begins" },
    });
  });
});
