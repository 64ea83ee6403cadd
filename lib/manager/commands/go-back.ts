import { setTimeout as sleep } from "node:timers/promises";
import type { CheckpointView } from "../../contract/index.ts";
import { checkpoints, incidentsOf, restoreBeside, restoreCheckpoint } from "../api/index.ts";
import { isRecorded, isSavedByCommand, type ServerSpec, serversOn } from "../description/index.ts";
import { type HandsContext, ManagerError } from "../servers.ts";
import { savedAnew } from "../techniques/index.ts";
import type { Opened } from "../work/index.ts";
import type { ManagerIo, Result } from "./io.ts";
import { type Caller, carriedOut, instantWords, savedNamed, spanWords, until, vmCalled } from "./on-call.ts";

export interface GoBackOptions {
  /** `newest`, or the id of a saved state. */
  readonly saved: string;
  readonly sure: boolean;
  readonly now: number;
  readonly lookEveryMs?: number;
  /** Until its servers work again, which go on in the middle of what they did, or start as the VM boots. */
  readonly serversWithinMs?: number;
}

/** Every byte of it is read before the VM is given up for it, and a copy may have to be sent to another host. */
const withinMs = 20 * 60_000;

/** Takes a VM back to a saved state. Says what will be lost, and asks first. */
export async function goBack(
  work: Caller & Pick<Opened, "hands"> & { readonly context: Pick<HandsContext, "notes" | "stateDir"> },
  io: ManagerIo,
  name: string,
  options: GoBackOptions,
): Promise<Result> {
  const { api, description } = work;
  const { signal } = io;
  const { lookEveryMs = 500, serversWithinMs = 10_000 } = options;
  const vm = await vmCalled(work, name);
  const servers = serversOn(description, name);
  refuseWhereNever(name, servers);
  const saved = savedNamed((await checkpoints(api, vm.id, signal)).checkpoints, options.saved, name);
  const before = new Set((await incidentsOf(api, vm.id, signal)).map(({ id }) => id));
  const loss = lossWords(name, servers, saved, options.now);
  if (!(await isSure(io, loss, options.sure)))
    return { data: { vm: name, done: false }, lines: ["Nothing was done."], next: `belay-manager saves FILE ${name}` };

  const late = {
    code: "go-back-late",
    message: `The provider has not taken ${name} back within ${withinMs / 60_000} minutes.`,
    cure: "It may still come: the page of its incident says how it goes.",
  };
  const patience = { signal, withinMs, lookEveryMs, late };
  await io.board.phase("call", () =>
    carriedOut(
      api,
      (key) => restoreCheckpoint(api, saved.id, key, signal),
      patience,
      `Nothing was lost. Look at ${name}'s incidents, then run this again.`,
    ),
  );
  const words = await io.board.phase(`go back ${name}`, async (say) => {
    const repair = await until(async () => {
      const incidents = await incidentsOf(api, vm.id, signal);
      const ours = incidents.find(({ id, cause }) => cause === "called-restore" && !before.has(id));
      const one = ours?.repairs.find(({ technique }) => technique === "assisted-restart");
      const step = one?.steps.at(-1);
      if (step !== undefined) say(step.words ?? step.name);
      return one?.finishedAt == null ? undefined : one;
    }, patience);
    if (repair.state === "succeeded") return repair.words;
    throw new ManagerError({
      code: "not-restored",
      message: `${name} did not go back. ${repair.words}`,
      cure: `Choose another saved state, or look inside this one: belay-manager go-back FILE ${name} ${saved.id} --beside NAME`,
    });
  });
  const health = await io.board.phase("verify", () => healthOf(work, servers, signal, serversWithinMs));
  const bad = health.filter(({ ok }) => !ok);
  const kept = servers.filter((one) => (one.kind === "mariadb" ? isRecorded(one, description) : isSavedByCommand(one)));
  const save = () => savedAnew({ ...work.context, hands: work.hands }, kept, { signal, progress: () => {} });
  const notSaved = kept.length === 0 ? [] : await io.board.phase("save", save);
  return {
    data: { vm: name, vmId: vm.id, done: true, saved: saved.id, at: saved.at, words, health, notSaved },
    lines: [
      `${name}: ${words}`,
      ...bad.map((server) => `${server.name} on it does not work: ${server.words}`),
      ...notSaved.map((server) => `${server.name} could not be saved: ${server.words}`),
      ...(notSaved.length > 0
        ? ["The next `run` saves that at once. Until then the newest save may be of the time that was undone."]
        : []),
    ],
    next:
      bad.length > 0
        ? `belay-manager repair FILE ${bad[0]?.name}`
        : "belay-manager run FILE stays and takes part in repairs.",
    ok: bad.length === 0,
  };
}

/** A second VM from it, to look inside; the first one runs on. */
export async function goBackBeside(
  work: Caller,
  io: ManagerIo,
  name: string,
  { saved: wanted, beside, lookEveryMs = 500 }: { saved: string; beside: string; lookEveryMs?: number },
): Promise<Result> {
  const { api } = work;
  const { signal } = io;
  const vm = await vmCalled(work, name);
  const saved = savedNamed((await checkpoints(api, vm.id, signal)).checkpoints, wanted, name);
  const late = {
    code: "go-back-late",
    message: `The provider has not made ${beside} within ${withinMs / 60_000} minutes.`,
    cure: "It may still come: the page of the cloud shows it then.",
  };
  const words = await io.board.phase(`make ${beside}`, () =>
    carriedOut(
      api,
      (key) => restoreBeside(api, saved.id, beside, key, signal),
      { signal, withinMs, lookEveryMs, late },
      `${name} was not touched. Correct what the words say, then run this again.`,
    ),
  );
  return {
    data: { vm: name, beside, saved: saved.id, at: saved.at, words },
    lines: [`${words} It is ${name} as of ${instantWords(saved.at)}; ${name} itself was not touched.`],
    next: "look inside it by the provider's console: it has no network, and nothing repairs it.",
  };
}

const mustNever = ({ rollback, state }: ServerSpec): boolean =>
  (rollback ?? (state === "stateful" ? "never" : "tolerated")) === "never";

/** What the provider's proposals are declined for is not done by hand either. */
function refuseWhereNever(vm: string, servers: readonly ServerSpec[]): void {
  const [first] = servers.filter(mustNever);
  if (first === undefined) return;
  throw new ManagerError({
    code: "must-not-go-back",
    message: `${first.name} on ${vm} must never go back to an older state, as the description says.`,
    field: `servers.${first.name}.rollback`,
    cure: `Write \`rollback: tolerated\` for it where it bears that; or look inside a copy: belay-manager go-back FILE ${vm} newest --beside NAME`,
  });
}

const lossWords = (vm: string, servers: readonly ServerSpec[], { at, method }: CheckpointView, now: number): string =>
  [
    `${vm} goes back to ${instantWords(at)}.`,
    `Everything that it did in the last ${spanWords(Math.max(1_000, now - at))} is lost: what was written to its disks, and what was only in its memory.`,
    ...(method === "disk-only" ? ["This state holds its disks alone, so it boots."] : []),
    ...(servers.length > 0 ? [`It carries ${servers.map(({ name }) => name).join(", ")}.`] : []),
    "Connections that are open break. Other VMs are not taken back with it.",
  ].join(" ");

async function isSure({ ask, board }: ManagerIo, loss: string, sure: boolean): Promise<boolean> {
  if (sure) {
    board.line(loss);
    return true;
  }
  if (ask === undefined)
    throw new ManagerError({
      code: "not-sure",
      message: `Nobody is there who could be asked. ${loss}`,
      cure: "Say --yes.",
    });
  return /^y(es)?$/i.test((await ask(`${loss}\nGo back? [y/N] `)).trim());
}

async function healthOf(
  { hands }: Pick<Opened, "hands">,
  servers: readonly ServerSpec[],
  signal: AbortSignal,
  withinMs: number,
) {
  const act = { signal, progress: () => {} };
  const look = () =>
    Promise.all(servers.map(async (server) => ({ name: server.name, ...(await hands.health(server, act)) })));
  const begun = performance.now();
  for (;;) {
    const health = await look();
    if (health.every(({ ok }) => ok) || performance.now() - begun > withinMs) return health;
    await sleep(1_000, undefined, { signal });
  }
}
