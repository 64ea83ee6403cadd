import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Description, needsOf, type ServerSpec, startOrder } from "../description/index.ts";
import type { Journal } from "../journal/index.ts";
import { type Act, ManagerError, type ServerHands } from "../servers.ts";

/** The customer's part of a repair, and of a first start (paper, section III-B-2): deploy, start, synchronise. */

export const parts = ["deploying", "starting", "synchronising"] as const;
export type Part = (typeof parts)[number];

export interface BringUp {
  readonly description: Description;
  readonly hands: ServerHands;
  readonly journal: Journal;
  readonly servers: readonly ServerSpec[];
  /** Names a step of this doing: done before under the same name, it is not done again. */
  readonly keyOf: (server: ServerSpec, step: "deploy" | "configure" | "synchronise") => string;
  readonly signal: AbortSignal;
  /** Of the whole part, 0 to 100. */
  readonly onPart: (part: Part, percent: number, words: string) => void;
}

const done = z.undefined().or(z.null());
const lookEveryMs = 200;

export async function bringUp(it: BringUp): Promise<void> {
  const { description, hands, journal, servers, keyOf } = it;
  // One that fails calls the others off: what is half done is begun again by the next run.
  const failed = new AbortController();
  const signal = AbortSignal.any([it.signal, failed.signal]);
  const order = startOrder(description).filter((server) => servers.includes(server));

  function progress(part: Part, of: readonly ServerSpec[]) {
    const percents = new Map<string, number>();
    return (server: ServerSpec, percent: number | null, words: string) => {
      if (percent !== null) percents.set(server.name, Math.max(percents.get(server.name) ?? 0, percent));
      const sum = [...percents.values()].reduce((a, b) => a + b, 0);
      it.onPart(part, Math.floor(sum / Math.max(1, of.length)), `${server.name}: ${words}`);
    };
  }

  /** One act with its own deadline. */
  async function act(server: ServerSpec, seconds: number, tell: Act["progress"], work: (act: Act) => Promise<void>) {
    const late = AbortSignal.timeout(seconds * 1000);
    const within = AbortSignal.any([signal, late]);
    try {
      await work({ signal: within, progress: tell });
    } catch (error) {
      if (late.aborted && !signal.aborted)
        throw new ManagerError(
          {
            code: "too-slow",
            message: `${server.name} was not ready within ${seconds} s.`,
            field: `servers.${server.name}.withinSeconds`,
            cure: "Look at what it waits for, or allow it more time.",
            ...(error instanceof ManagerError && error.output !== undefined && { output: error.output }),
          },
          { cause: error },
        );
      throw error;
    }
  }

  const all = async (works: readonly Promise<void>[]): Promise<void> => {
    const results = await Promise.allSettled(
      works.map((work) =>
        work.catch((error: unknown) => {
          failed.abort(error);
          throw error;
        }),
      ),
    );
    it.signal.throwIfAborted();
    // The first that failed says why; the others were called off by it.
    if (failed.signal.aborted) throw failed.signal.reason;
    for (const result of results) if (result.status === "rejected") throw result.reason;
  };

  async function deployOn(vm: string, tell: ReturnType<typeof progress>): Promise<void> {
    const spec = description.vms.find(({ name }) => name === vm);
    const here = order.filter((server) => server.vm === vm);
    const [first] = here;
    if (spec === undefined || first === undefined) return;
    await act(
      first,
      first.withinSeconds.deploy,
      (_, words) => tell(first, null, words),
      (on) => hands.reach(spec, on),
    );
    // Side by side in one small VM they would only wait for each other.
    for (const server of here) {
      const { deploy: seconds } = server.withinSeconds;
      await journal.step(keyOf(server, "deploy"), done, async () => {
        await act(
          server,
          seconds,
          (percent, words) => tell(server, (percent ?? 0) * 0.9, words),
          (on) => hands.deploy(server, on),
        );
      });
      await journal.step(keyOf(server, "configure"), done, async () => {
        await act(
          server,
          seconds,
          (_, words) => tell(server, null, words),
          (on) => hands.configure(server, on),
        );
      });
      tell(server, 100, "deployed");
    }
  }

  async function start(server: ServerSpec, tell: ReturnType<typeof progress>): Promise<void> {
    const { start: seconds } = server.withinSeconds;
    await act(
      server,
      seconds,
      (percent, words) => tell(server, percent, words),
      async (on) => {
        // No step of the journal: whether it runs is seen, and what stopped since is started again.
        if ((await hands.health(server, on)).ok) return;
        // What is started anew is brought up to date again, also where that was done before.
        await journal.undo(keyOf(server, "synchronise"));
        await hands.start(server, on);
        for (;;) {
          const health = await hands.health(server, on);
          on.signal.throwIfAborted();
          if (health.ok) return;
          tell(server, null, health.words);
          await sleep(lookEveryMs, undefined, { signal: on.signal });
        }
      },
    );
    tell(server, 100, "works");
  }

  const deploying = progress("deploying", order);
  it.onPart("deploying", 0, `${order.map(({ name }) => name).join(", ")}`);
  await all([...new Set(order.map((server) => server.vm))].map((vm) => deployOn(vm, deploying)));

  const starting = progress("starting", order);
  it.onPart("starting", 0, "in the order of their bindings");
  const started = new Map<string, Promise<void>>();
  for (const server of order) {
    const first = needsOf(server).flatMap((name) => started.get(name) ?? []);
    const work = Promise.all(first).then(() => start(server, starting));
    work.catch(() => {});
    started.set(server.name, work);
  }
  await all([...started.values()]);

  const synchronising = progress("synchronising", order);
  it.onPart("synchronising", 0, "with what else there is");
  await all(
    order.map((server) =>
      journal
        .step(keyOf(server, "synchronise"), done, async () => {
          await act(
            server,
            server.withinSeconds.synchronise,
            (percent, words) => synchronising(server, percent, words),
            (on) => hands.synchronise(server, on),
          );
        })
        .then(() => synchronising(server, 100, "up to date")),
    ),
  );
  await all(order.map((server) => start(server, (other, percent, words) => synchronising(other, percent, words))));
}
