import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect, test, vi } from "vitest";
import type { ByteStore } from "../words.ts";
import { connectStore } from "./client.ts";
import { findLeaks } from "./leaks.ts";
import { socketOf } from "./settings.ts";
import { openStore } from "./store.ts";
import { disk, memory } from "./testing/captures.ts";
import { chance } from "./testing/chance.ts";
import { Model, putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

/** `BELAY_CRASH_ROUNDS=200` is the long one. */
const rounds = Number(process.env.BELAY_CRASH_ROUNDS ?? 5);
vi.setConfig({ testTimeout: 60_000 + rounds * 10_000 });

/** Several VMs' engines at once, without a pause, until the store dies under them. Unanswered: may be done or not. */
class Work {
  readonly unanswered = new Map<string, Model>();
  readonly dropping = new Set<string>();
  answered = 0;
  private readonly model: Model;
  private readonly store: ByteStore;
  private readonly pick: (below: number) => number;
  private readonly round: number;

  constructor(model: Model, store: ByteStore, pick: (below: number) => number, round: number) {
    this.model = model;
    this.store = store;
    this.pick = pick;
    this.round = round;
  }

  private ofVm = (vm: string) => [...this.model.held.keys()].filter((id) => this.model.held.get(id)?.vm === vm);

  async engine(vm: string): Promise<void> {
    for (let turn = 0; ; turn++) {
      const id = `r${this.round}-${vm}-${turn}`;
      const own = this.ofVm(vm).filter((one) => !this.dropping.has(one));
      const base = this.pick(5) === 0 ? null : (own.at(-1) ?? null);
      const sent = [
        { volume: memory(2000), pages: seeds(this.pick(5000), this.pick(700), this.pick(1200)) },
        { volume: disk(400), pages: seeds(this.pick(50), this.pick(300)) },
      ];
      const after = new Model();
      for (const [one, held] of this.model.held) after.held.set(one, held);
      after.put(id, vm, base, sent);
      this.unanswered.set(id, after);
      await putInto(this.store, id, vm, base, sent);
      this.model.put(id, vm, base, sent);
      this.unanswered.delete(id);
      this.answered += 1;
      const old = own.slice(0, Math.max(0, own.length - 3)).filter((one) => one !== base);
      for (const one of old) this.dropping.add(one);
      await this.store.drop(old);
      for (const one of old) {
        this.dropping.delete(one);
        this.model.held.delete(one);
      }
      if (this.pick(3) === 0) await this.store.collect();
    }
  }
}

test(`killed ${rounds} times in the middle of puts, drops and collections: nothing is lost, nothing stays`, async () => {
  const directory = await directoryForTest();
  const settings = { directories: [directory] };
  const program = path.join(import.meta.dirname, "process.ts");
  const model = new Model();
  const seed = Number(process.env.BELAY_CRASH_SEED ?? 1);
  const pick = chance(seed);
  let answered = 0;
  let found = 0;
  for (let round = 0; round < rounds; round++) {
    const child: ChildProcess = spawn(process.execPath, [program, JSON.stringify(settings)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.stdout) await once(child.stdout, "data"); // ready
    const store = connectStore(socketOf(settings), { waitMs: 0 });
    const work = new Work(model, store, pick, round);
    const engines = ["vm_a", "vm_b"].map((vm) => work.engine(vm).catch(() => {}));
    setTimeout(() => child.kill("SIGKILL"), 20 + pick(400)); // the instant is the chance that is tested
    await Promise.all([once(child, "exit"), ...engines]);
    await store.close();
    answered += work.answered;

    const opened = await openStore(settings);
    for (const [id, after] of work.unanswered) {
      const held = after.held.get(id);
      if (held && (await opened.get(id))) {
        model.held.set(id, held); // it was whole, and its answer was lost: then all of it is there
        found += 1;
      }
    }
    for (const id of work.dropping) if (!(await opened.get(id))) model.held.delete(id);
    expect(await model.wrong(opened), `seed ${seed}, round ${round}`).toBeUndefined();
    for (const id of model.held.keys()) expect(await opened.verify(id)).toBe(true);
    await opened.collect();
    expect(await model.wrong(opened), `seed ${seed}, round ${round}, collected`).toBeUndefined();
    await opened.close();
    expect(await findLeaks({ directories: [directory] }), `seed ${seed}, round ${round}`).toEqual([]);
  }
  console.info({ rounds, answered, foundUnanswered: found, held: model.held.size });
  expect(answered).toBeGreaterThan(rounds);
});
