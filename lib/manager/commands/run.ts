import { applicationId } from "../../contract/index.ts";
import { createAgent, keepLooking, sayError } from "../agent/index.ts";
import { applicationNamed, isPassing } from "../api/index.ts";
import { inRepair } from "../decide/index.ts";
import { createWorkers, type Opened } from "../work/index.ts";
import { bySocket } from "./by-socket.ts";
import { byWebhook } from "./by-webhook.ts";
import type { Channel } from "./channel.ts";
import { listenForPeople } from "./control.ts";
import type { ManagerIo } from "./io.ts";
import { contextOf, orderOf, worksAgain } from "./repair.ts";

const protectionEveryMs = 30_000;

export interface RunOptions {
  /** Messages come here instead of over a standing connection. */
  readonly listen?: string;
  /** Done once, when no repair is going on any more. */
  readonly afterRepairs?: () => Promise<void>;
}

/** Stays: connected, looking, taking part in repairs. Ends when told to. */
export async function runManager(work: Opened, io: ManagerIo, { listen, afterRepairs }: RunOptions): Promise<void> {
  const { description, instance, journal } = work;
  const log = (words: string) => io.board.line(words);
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  let fatal: unknown;
  const end = (error: unknown) => {
    fatal ??= error;
    stop.abort(error);
  };

  const protection = await lookAtProtection(work);
  let channel: Channel | undefined;
  const agent = createAgent({
    journal,
    context: () => ({ ...contextOf(work), mode: protection.mode() }),
    workers: createWorkers({ ...work, log }),
    send: ({ message }) => channel?.say(message) ?? false,
    source: `belay-manager/${instance}`,
    log,
    onBroken: end,
    nowMs: () => Date.now() + (channel?.clockAheadMs() ?? 0),
  });
  const control = await listenForPeople(work.stateDir, async ({ name, technique }, say, called) => {
    const order = orderOf(description, name, technique);
    await agent.repair(order, say);
    return worksAgain(work, name, order, {
      signal: AbortSignal.any([signal, called]),
      progress: (_, words) => say(words),
    });
  }).catch((error: unknown) => {
    // The application is looked after all the same.
    log(`The command \`repair\` will not reach this manager: ${sayError(error)}`);
    return { close: async () => {} };
  });
  const quiet = onceQuiet(
    () => !inRepair(agent.state(), Date.now()),
    () => afterRepairs?.().catch((error: unknown) => log(`Not everything is up: ${sayError(error)}`)),
  );
  let recording: Promise<void> | undefined;
  try {
    channel =
      listen === undefined
        ? bySocket(work, agent, log, end)
        : await byWebhook(work, agent, log, { listen, secret: io.env.BELAY_WEBHOOK_SECRET });
    agent.sendAgain();
    recording = work.techniques.record(signal).catch((error: unknown) => {
      if (!signal.aborted) log(`Saves and recordings have stopped: ${sayError(error)}`);
    });
    await keepLooking({
      ...{ sensors: work.sensors, signal, vmIdOf: contextOf(work).vmIdOf, mayAct: agent.mayAct },
      everyMs: description.sensors.everySeconds * 1000,
      report: (sensors) => {
        const about = applicationId.safeParse(journal.recall("application"));
        if (about.success && agent.mayAct()) channel?.report(about.data, sensors);
      },
      feed: (input) => void agent.feed(input).catch(() => {}),
    });
  } finally {
    stop.abort(new Error("the manager ends"));
    quiet.stop();
    protection.stop();
    await control.close();
    await agent.close();
    await channel?.close();
    await recording;
  }
  if (fatal !== undefined) throw fatal;
}

/** How the provider protects the application; looked at now and then, as people change it. */
async function lookAtProtection({ api, description, applicationId: known }: Opened) {
  let mode: "provider" | "customer" | "collaborative" | "none" | null = null;
  await known().catch((error: unknown) => {
    // The provider is away for now: a manager that starts all the same can take part once it is back.
    if (!isPassing(error)) throw error;
  });
  const look = async () => {
    await known().catch(() => {});
    mode = (await applicationNamed(api, description.application.name).catch(() => undefined))?.mode ?? mode;
  };
  void look();
  const timer = setInterval(() => void look(), protectionEveryMs);
  return { mode: () => mode, stop: () => clearInterval(timer) };
}

function onceQuiet(isQuiet: () => boolean, then: () => unknown) {
  const timer = setInterval(() => {
    if (!isQuiet()) return;
    clearInterval(timer);
    then();
  }, 1_000);
  return { stop: () => clearInterval(timer) };
}
