import { managerFrame, vmId } from "../../contract/index.ts";
import { createAgent, keepLooking, sayError } from "../agent/index.ts";
import { applicationNamed, isPassing, sayToProvider } from "../api/index.ts";
import type { VmId } from "../decide/index.ts";
import { type Link, messageIdOf, startLink, startWebhook } from "../link/index.ts";
import { ManagerError } from "../servers.ts";
import { createWorkers, type Opened } from "../work/index.ts";
import { listenForPeople } from "./control.ts";
import type { ManagerIo } from "./io.ts";
import { repairNow } from "./repair.ts";

export const version = "1.0.0";
const protectionEveryMs = 30_000;
/** A beat takes a moment on its way: that much is no difference of clocks. */
const clocksAgreeMs = 500;

export interface RunOptions {
  /** Messages come here instead of over a standing connection. */
  readonly listen?: string;
}

/** Stays: connected, looking, taking part in repairs. Ends when told to. */
export async function runManager(work: Opened, io: ManagerIo, { listen }: RunOptions): Promise<void> {
  const { description, records, instance, journal, api } = work;
  const stop = new AbortController();
  const signal = AbortSignal.any([io.signal, stop.signal]);
  let fatal: unknown;
  const end = (error: unknown) => {
    fatal ??= error;
    stop.abort(error);
  };
  const log = (words: string) => io.board.line(words);
  const name = description.application.name;
  const vmIdOf = (vm: string): VmId | undefined => vmId.safeParse(records.get(vm).vmId).data;

  let mode: "provider" | "customer" | "collaborative" | "none" | null = null;
  const lookAtMode = async () => {
    mode = (await applicationNamed(api, name).catch(() => undefined))?.mode ?? mode;
  };

  /** How far the provider's clock is ahead of ours. */
  let clockAheadMs = 0;
  let link: Link | undefined;
  let post: ((message: Parameters<typeof sayToProvider>[1]) => boolean) | undefined;
  const agent = createAgent({
    journal,
    context: () => ({
      ...{ description, vmNamed: records.named, vmIdOf, mode },
      idOf: (key) => messageIdOf(instance, key),
    }),
    workers: createWorkers({ ...work, log }),
    send: (frame) => (post !== undefined ? post(frame.message) : (link?.send(frame) ?? false)),
    source: `belay-manager/${instance}`,
    log,
    onBroken: end,
    nowMs: () => Date.now() + clockAheadMs,
  });

  const applicationId = await work.applicationId().catch((error: unknown) => {
    if (isPassing(error)) return undefined;
    throw error;
  });
  let lapse: NodeJS.Timeout | undefined;
  let leaseMs = 6_000;
  let said = "";
  const sayOnce = (words: string) => {
    if (words !== said) log(words);
    said = words;
  };

  let close: () => Promise<void> | void;
  if (listen === undefined) {
    link = startLink({
      ...{ url: api.url, key: work.key, instance, name: `belay-manager for ${name}`, version },
      ears: {
        standing(standing, epoch, lease) {
          clearTimeout(lapse);
          leaseMs = lease ?? leaseMs;
          sayOnce(
            standing === "active"
              ? "Connected: this manager is the active one."
              : "Connected: another manager of the organization is active, this one stands by.",
          );
          agent.stand(standing, epoch);
        },
        message(event) {
          agent
            .hear(event)
            .then((ours) => {
              if (ours) link?.send({ type: "received", id: event.id });
            })
            .catch(() => {});
        },
        unknownMessage(id, words) {
          if (!agent.mayAct()) return;
          log(`The provider sent a ${words}, which this version does not know.`);
          link?.send({ type: "received", id });
        },
        taken: (id) => void agent.feed({ is: "taken", id }).catch(() => {}),
        refused(id, error) {
          if (id === null) return sayOnce(`The provider refused a report: ${error.message}`);
          log(`The provider refused what was said: ${error.message}`);
          const again = error.code === "not-available" || (error.code === "conflict" && error.field === "epoch");
          agent.feed({ is: "refused", id, again }).catch(() => {});
          if (again) setTimeout(() => agent.sendAgain(), 2_000).unref();
        },
        beat(at) {
          const ahead = at - Date.now();
          clockAheadMs = Math.abs(ahead) < clocksAgreeMs ? 0 : ahead;
        },
        down(words, silentMs) {
          sayOnce(words);
          agent.sendAgain();
          // The right to act outlives the connection by the lease, and no longer: then another manager may have it.
          clearTimeout(lapse);
          lapse = setTimeout(() => agent.stand(null), Math.max(0, leaseMs - silentMs));
        },
        ended: end,
      },
    });
    const open = link;
    close = () => open.close();
  } else {
    const secret = io.env.BELAY_WEBHOOK_SECRET;
    if (!secret)
      throw new ManagerError({
        code: "no-secret",
        message: "There is no secret to check the provider's deliveries with.",
        cure: "Set BELAY_WEBHOOK_SECRET to what the settings page showed when the address was set.",
      });
    post = (event) => {
      const again = () => setTimeout(() => agent.sendAgain(), 1_000).unref();
      sayToProvider(api, event).then(
        () => void agent.feed({ is: "taken", id: event.id }).catch(() => {}),
        (error: unknown) => {
          log(`The provider refused what was said: ${sayError(error)}`);
          void agent.feed({ is: "refused", id: event.id, again: isPassing(error) }).catch(() => {});
          if (isPassing(error)) again();
        },
      );
      return true;
    };
    const port = Number(listen.split(":").at(-1));
    const host = listen.includes(":") ? listen.slice(0, listen.lastIndexOf(":")) : undefined;
    const hook = await startWebhook({
      ...{ port, secret, log },
      ...(host !== undefined && { host }),
      ears: { message: async (event) => void (await agent.hear(event)) },
    });
    agent.stand("active");
    log(`Messages are taken at http://${host ?? "127.0.0.1"}:${hook.port}/`);
    close = () => hook.close();
  }

  const control = await listenForPeople(work.stateDir, async ({ name: what, technique }, say, called) =>
    repairNow(work, what, technique, { signal: AbortSignal.any([signal, called]), progress: (_, words) => say(words) }),
  );
  const timer = setInterval(() => void lookAtMode(), protectionEveryMs);
  void lookAtMode();
  const recording = work.techniques.record(signal).catch((error: unknown) => {
    if (!signal.aborted) log(`Saves and recordings have stopped: ${sayError(error)}`);
  });
  await keepLooking({
    ...{ sensors: work.sensors, signal, vmIdOf, mayAct: agent.mayAct },
    everyMs: description.sensors.everySeconds * 1000,
    report: (sensors) => {
      const to = typeof applicationId === "string" ? applicationId : journal.recall("application");
      if (agent.mayAct()) sendSensors(link, to, sensors);
    },
    feed: (input) => void agent.feed(input).catch(() => {}),
  });
  clearInterval(timer);
  clearTimeout(lapse);
  await control.close();
  await agent.close();
  await close();
  await recording;
  if (fatal !== undefined) throw fatal;
}

function sendSensors(link: Link | undefined, to: unknown, sensors: readonly unknown[]): void {
  const frame = managerFrame.safeParse({ type: "sensors", applicationId: to, sensors });
  if (frame.success) link?.send(frame.data);
}
