import { setTimeout as sleep } from "node:timers/promises";
import { vmId } from "../../contract/index.ts";
import { refusal, stateKey, stateToGoOnWith, type Workers } from "../agent/index.ts";
import { againstByHand, type Context, type ManagerState, type Ordered, reduce } from "../decide/index.ts";
import { type Description, type ServerSpec, serversOn } from "../description/index.ts";
import { messageIdOf } from "../link/index.ts";
import { type Act, type Health, type Log, ManagerError } from "../servers.ts";
import { createWorkers, type Opened } from "../work/index.ts";

export const techniquesByHand = ["restart-server", "replay-server", "rebuild-vm"] as const;

/** What decisions look at, as the journal has it. How the application is protected only a manager that runs knows. */
export const contextOf = ({
  description,
  records,
  instance,
}: Pick<Opened, "description" | "records" | "instance">): Omit<Context, "now"> => ({
  ...{ description, vmNamed: records.named, mode: null },
  vmIdOf: (vm) => vmId.safeParse(records.get(vm).vmId).data,
  idOf: (key) => messageIdOf(instance, key),
});

/** What a person means by a name and a technique. Of a server and a VM of one name the server is meant. */
export function orderOf(description: Description, name: string, technique: string | null): Ordered {
  const server = description.servers.find((one) => one.name === name);
  const vm = server?.vm ?? description.vms.find((one) => one.name === name)?.name;
  if (vm === undefined)
    throw new ManagerError({
      code: "unknown-name",
      message: `There is no server and no VM ${name} in the description.`,
      cure: `Name one of ${[...description.servers, ...description.vms].map((one) => one.name).join(", ")}.`,
    });
  const wanted = technique ?? (server === undefined ? "rebuild-vm" : "restart-server");
  const chosen = techniquesByHand.find((one) => one === wanted);
  if (chosen === undefined)
    throw new ManagerError({
      code: "unknown-technique",
      message: `There is no technique ${wanted}.`,
      cure: `Use one of ${techniquesByHand.join(", ")}.`,
    });
  if (chosen !== "rebuild-vm" && server === undefined)
    throw new ManagerError({
      code: "unknown-name",
      message: `${chosen} is for a server, and a VM was named.`,
      cure: "Name a server.",
    });
  return { technique: chosen, server: server?.name ?? null, vm };
}

/** Where no manager runs with this state directory. Journalled as a manager does it: killed in the middle, the next `run` goes on. */
export async function repairNow(work: Opened, name: string, technique: string | null, act: Act): Promise<string> {
  const order = orderOf(work.description, name, technique);
  const say = (words: string) => act.progress(null, words);
  await journalled(work, order, createWorkers({ ...work, log: say }), say, act.signal);
  return worksAgain(work, name, order, act);
}

export async function journalled(
  work: Pick<Opened, "description" | "records" | "instance" | "journal">,
  order: Ordered,
  workers: Pick<Workers, "act">,
  say: Log,
  signal: AbortSignal,
): Promise<void> {
  const { journal } = work;
  const now = (): Context => ({ ...contextOf(work), now: Date.now() });
  let state = stateToGoOnWith(journal, Date.now(), say);
  let action = cutOff(state, order);
  if (action === undefined) {
    const against = againstByHand(state, order, now());
    if (against !== null) throw refusal(against, "belay-manager run goes on with it. Then give the command again.");
    state = reduce(state, { is: "by-hand", ordered: order }, now());
    await journal.remember(stateKey, state);
    action = cutOff(state, order);
  } else say("Goes on where it was cut off.");
  if (action === undefined) throw refusal("It could not begin.");
  let failed: unknown;
  try {
    await workers.act(action, signal, say);
  } catch (error) {
    // Called off in the middle, a VM may have been given back and no other one be there yet: that is gone on with.
    if (signal.aborted && order.technique === "rebuild-vm") throw error;
    failed = error;
  }
  const ended = reduce(state, { is: "action-ended", key: action.key, problem: null }, now());
  await journal.remember(stateKey, ended);
  await journal.undo(action.key);
  if (failed !== undefined) throw failed;
}

/** The same order, begun and not ended. */
function cutOff(state: ManagerState, { technique, server, vm }: Ordered) {
  const stage = state.byHand[vm]?.stage;
  if (stage?.is !== "acting") return undefined;
  return stage.action.technique === technique && stage.action.server === server ? stage.action : undefined;
}

/** What was repaired is looked at before it is called done. A command that starts a server may end before the server works. */
export async function worksAgain(
  work: Pick<Opened, "description" | "hands">,
  name: string,
  order: Ordered,
  act: Act,
  lookEveryMs = 500,
): Promise<string> {
  const { description, hands } = work;
  const about = description.servers.filter((one) => one.name === order.server);
  const health = await Promise.all(
    (order.server === null ? serversOn(description, order.vm) : about).map(async (one) => ({
      name: one.name,
      ...(await healthInTime(one)),
    })),
  );
  async function healthInTime(server: ServerSpec): Promise<Health> {
    const deadline = performance.now() + server.withinSeconds.start * 1000;
    for (;;) {
      const health = await hands.health(server, { ...act, progress: () => {} });
      if (health.ok || performance.now() > deadline) return health;
      act.progress(null, `${server.name} does not work yet: ${health.words}`);
      await sleep(lookEveryMs, undefined, { signal: act.signal });
    }
  }
  const bad = health.find(({ ok }) => !ok);
  if (bad !== undefined)
    throw new ManagerError({
      code: "still-down",
      message: `${order.technique} was done, and ${bad.name} does not work: ${bad.words}`,
      cure: "Look at its log on its VM.",
    });
  return `${order.technique} of ${name} is done, and it works.`;
}
