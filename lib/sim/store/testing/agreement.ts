import { expect } from "vitest";
import { change } from "../../../contract/index.ts";
import { openStore } from "../../../store/index.ts";
import { testDatabase } from "../../../store/testing/index.ts";
import { seededIds } from "../../ids.ts";
import { type MemoryStore, memoryStore } from "../memory-store.ts";
import type { Call, Store } from "./twins.ts";

export const startMs = 1_700_000_000_000;

interface Twins {
  readonly real: Store;
  readonly memory: MemoryStore;
  close(): Promise<void>;
}

/** Both stores, empty, with the same ids to come. */
export async function openTwins(seed: number): Promise<Twins> {
  const own = await testDatabase();
  const now = () => startMs;
  const real = await openStore({ databaseUrl: own.url, ids: seededIds(seed, { now }) });
  return {
    real,
    memory: memoryStore({ ids: seededIds(seed, { now }) }),
    async close() {
      await real.close();
      await own.close();
    },
  };
}

/** What a call came to: its answer or its refusal, without the cure, which is only in the real one. */
async function outcome(call: Call, store: Store): Promise<unknown> {
  try {
    return { answer: (await call(store)) ?? null };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { refused: error.message, code: Reflect.get(error, "code"), field: Reflect.get(error, "field") ?? null };
  }
}

/** What came of the calls, by name. */
export type Seen = Map<string, Set<string>>;

/** Makes each call to both, and expects the same answer or refusal, to the last word. */
export async function expectAgreement(
  { real, memory }: Twins,
  calls: number,
  draw: () => Promise<{ readonly name: string; readonly call: Call }>,
  seen: Seen,
): Promise<void> {
  for (let count = 0; count < calls; count++) {
    const { name, call } = await draw();
    const expected = await outcome(call, real);
    expect({ count, name, ...Object(await outcome(call, memory)) }).toEqual({ count, name, ...Object(expected) });
    const how = seen.get(name) ?? new Set();
    const { answer } = Object(expected);
    if (answer !== undefined) how.add("answered");
    how.add(answer === undefined ? "refused" : answer === null || answer.length === 0 ? "nothing" : "something");
    seen.set(name, how);
  }
}

/** Every one is the same, and one that the contract knows, whole. */
export async function expectSameEvents({ real, memory }: Twins, kinds: Set<string>): Promise<void> {
  const events = await real.feed.after(0, 10_000);
  expect(await memory.feed.after(0, 10_000)).toEqual(events);
  for (const event of events) expect(change.parse(event.change)).toEqual(event.change);
  for (const event of events) kinds.add(Object(event.change).kind);
}

/** Each call was answered at least once; those of `rare` with something, and with nothing. */
export function expectAnswers(seen: Seen, rare: readonly string[], never: readonly string[]): void {
  for (const [name, how] of seen)
    if (!never.includes(name)) expect([name, [...how]]).toEqual([name, expect.arrayContaining(["answered"])]);
  for (const name of rare)
    expect([name, [...(seen.get(name) ?? [])]]).toEqual([name, expect.arrayContaining(["something", "nothing"])]);
}
