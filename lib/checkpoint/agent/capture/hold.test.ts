import { describe, expect, it, test } from "vitest";
import { LibvirtError, QmpError } from "../../../libvirt/index.ts";
import type { AgentFailure } from "../failure.ts";
import { HeldByRestore } from "../monitor.ts";
import { Hold, whenNoneStands } from "./hold.ts";
import { takes } from "./probe.ts";

const times = { heardMs: 5, againMs: 1, withinMs: 100 };

/** A QEMU that stops and goes on, and answers `cont` as the test says. */
function guest(cont: (tries: number) => "goes-on" | "says-nothing" | Error) {
  const state = { running: true, conts: 0, marks: new Set<string>() };
  const listeners = new Set<(event: string, data: Record<string, unknown>) => void>();
  const tell = (event: string) => {
    for (const listener of [...listeners]) listener(event, {});
  };
  const monitor = {
    listen: (listener: (event: string, data: Record<string, unknown>) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    qmp: async (command: string) => {
      if (command === "query-status") return { running: state.running };
      if (command === "stop") state.running = false;
      return {};
    },
    cont: async () => {
      state.conts += 1;
      const answer = cont(state.conts);
      if (answer instanceof Error) throw answer;
      state.running = true;
      if (answer === "goes-on") tell("RESUME");
    },
  };
  const files = {
    held: () => "held",
    mark: async (file: string) => void state.marks.add(file),
    remove: async (file: string) => void state.marks.delete(file),
  };
  const said: AgentFailure[] = [];
  const hold = new Hold(monitor, files, "u", (failure) => said.push(failure), times);
  return { state, hold, said };
}

describe("a guest that was stopped", () => {
  it("is let go until it runs, however often that fails", async () => {
    const { hold, state, said } = guest((tries) => (tries < 4 ? new Error("timed out") : "goes-on"));
    await hold.begin();
    await Promise.all([hold.letGo(), hold.letGo()]);
    expect(state).toMatchObject({ running: true, conts: 4 });
    expect(state.marks.size).toBe(0);
    expect(said).toEqual([]);
  });

  it("runs also where nobody heard it say so", async () => {
    const { hold, state } = guest(() => "says-nothing");
    await hold.begin();
    await hold.letGo();
    expect(hold.standing).toBe(false);
    expect(state.marks.size).toBe(0);
  });

  it("is not tried for ever: it is said, and the mark stays for the sweep", async () => {
    const { hold, state, said } = guest(() => new Error("timed out"));
    await hold.begin();
    await hold.letGo();
    expect(said.map((it) => it.message)).toEqual(["The VM was stopped to be saved, and could not be let go."]);
    expect(state.marks).toEqual(new Set(["held"]));
  });

  it("is left where it is gone", async () => {
    const gone = new LibvirtError("qemu.domain_monitor_command", {
      ...{ code: 42, domain: 10, message: "Domain not found", level: 2 },
      ...{ str1: null, str2: null, str3: null, int1: 0, int2: 0 },
    });
    const { hold, state } = guest(() => gone);
    await hold.begin();
    await hold.letGo();
    expect(state.conts).toBe(1);
  });
});

test("a guest that a restore holds by now is another run, and is not let go", async () => {
  const { hold, state, said } = guest(() => new HeldByRestore("A restore holds it."));
  await hold.begin();
  await hold.letGo();
  expect(state).toMatchObject({ running: false, conts: 1 });
  expect(said).toEqual([]);
});

test.each([
  ["goes on", () => "goes-on" as const],
  ["is another run by now", () => new HeldByRestore("A restore holds it.")],
  ["cannot be let go", () => new Error("timed out")],
])("what takes long waits for a guest that stands, and for it alone: one that %s", async (_, cont) => {
  const { hold } = guest(cont);
  let done = 0;
  const work = () => void done++;
  whenNoneStands(work);
  expect(done).toBe(1);
  await hold.begin();
  whenNoneStands(work);
  whenNoneStands(work);
  expect(done).toBe(1);
  await hold.letGo();
  expect(done).toBe(2);
});

describe("what a probe tries", () => {
  /** QEMU answers each call in turn with these. */
  const probing = (answers: (Error | undefined)[]) => {
    const set: boolean[] = [];
    const marks = new Set<string>();
    const monitor = {
      domain: { uuid: "u" },
      qmp: async (_command: string, args: object = {}) => {
        set.push(JSON.stringify(args).includes("true"));
        const answer = answers.shift();
        if (answer) throw answer;
        return {};
      },
    };
    const files = {
      capturing: () => "capturing",
      markCapture: async () => void marks.add("capturing"),
      remove: async (file: string) => void marks.delete(file),
    };
    return { set, marks, try: () => takes(monitor, files, "background-snapshot", 1) };
  };
  const lost = () => new Error("timed out");

  it("is taken back, also where that fails at first", async () => {
    const it = probing([undefined, lost(), lost()]);
    await it.try();
    expect(it.set).toEqual([true, false, false, false]);
    expect(it.marks.size).toBe(0);
  });

  it("is taken back where the answer to it was lost, and counts as not possible", async () => {
    const it = probing([lost()]);
    await expect(it.try()).rejects.toThrow("timed out");
    expect(it.set).toEqual([true, false]);
    expect(it.marks.size).toBe(0);
  });

  it("is left to the sweep where it cannot be taken back", async () => {
    const it = probing([undefined, lost(), lost(), lost(), lost()]);
    await expect(it.try()).rejects.toThrow("timed out");
    expect(it.marks.size).toBe(1);
  });

  it("leaves nothing where QEMU does not have it", async () => {
    const it = probing([new QmpError("migrate-set-capabilities", "GenericError", "not supported")]);
    await expect(it.try()).rejects.toThrow("not supported");
    expect(it.set).toEqual([true]);
    expect(it.marks.size).toBe(0);
  });
});
