import { type HostId, type MaintenanceId, maintenanceStates, parseId, type VmId } from "../../model/index.ts";
import { type Announcement, announce, stopInstead, tellEnded, toAnnounce } from "../conversation/announce.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import type { Steps } from "../ports.ts";
import { moveOf, moveVm, settle } from "./move.ts";
import { planMoves, triedElsewhere, triesPerVm, writePlan } from "./plan-moves.ts";

const waitEveryMs = 5_000;
/** Each may take half a minute to shut down. */
const stoppedAtOnce = 8;
const namesShown = 5;

/** One step's answer, as plain data: it is journalled as JSON. */
interface Batch {
  readonly over: boolean;
  readonly moves: readonly { readonly vmId: string; readonly to: string }[];
  /** VMs whose owners are told first. */
  readonly announce?: readonly Announcement[];
}
type Failures = readonly { readonly vmId: string; readonly host: string; readonly refused: boolean }[];

/** What went wrong with the moves so far, by VM. */
interface Tries {
  /** Hosts that did not take it. */
  readonly refused: Map<VmId, HostId[]>;
  /** How often a host could not be asked. */
  readonly unasked: Map<VmId, number>;
}
/** A host that cannot be asked so often is not waited for any longer: it counts as one that did not take the VM. */
const unaskedAtMost = 5;

/** VMs that an engine which died left on their way: on which host they are is settled before anything is planned. */
async function settleAll(env: Env, id: MaintenanceId): Promise<void> {
  const { hostId } = await env.store.maintenance(id);
  for (const vm of await env.store.vmsOf(hostId)) {
    if (vm.movingTo === null) continue;
    const to = vm.movingTo;
    if ((await settle(env, vm, to)) === "there")
      await env.store.recordMove(id, moveOf(vm, { toHostId: to, state: "moved", percent: 100 }), env.clock.now());
  }
}

/** Moves one after the other of a batch at once; each that failed comes back with the host that did not take it. */
async function moveBatch(env: Env, id: MaintenanceId, batch: Batch, tries: Tries): Promise<Failures> {
  const { store, clock } = env;
  const { hostId } = await store.maintenance(id);
  const failed = await Promise.all(
    batch.moves.map(async (move): Promise<Failures> => {
      const vmId = parseId("vm", move.vmId);
      const to = parseId("hst", move.to);
      const vm = vmId === undefined ? undefined : await store.vm(vmId);
      const target = to === undefined ? undefined : await store.host(to);
      if (vm === undefined) return []; // forgotten meanwhile
      if (vm.hostId !== hostId) {
        await store.recordMove(id, moveOf(vm, { toHostId: vm.hostId, state: "moved", percent: 100 }), clock.now());
        return [];
      }
      const trouble =
        target === undefined ? { words: "The host is gone.", refused: true } : await moveVm(env, id, vm, target);
      if (trouble === undefined) return [];
      const where = target?.name ?? "the other host";
      if (!trouble.refused && (tries.unasked.get(vm.id) ?? 0) < unaskedAtMost) {
        const words = `It is tried again: ${trouble.words}`;
        await store.recordMove(id, moveOf(vm, { toHostId: target?.id ?? null, words }), clock.now());
        await clock.sleep(waitEveryMs);
        return [{ vmId: vm.id, host: move.to, refused: false }];
      }
      const last = (tries.refused.get(vm.id)?.length ?? 0) + 1 >= triesPerVm;
      const told = last
        ? ({ state: "failed", words: `It could not be moved to ${where} either: ${trouble.words}` } as const)
        : ({
            state: "waiting",
            words: `It could not be moved to ${where}${triedElsewhere}: ${trouble.words}`,
          } as const);
      await store.recordMove(id, moveOf(vm, { toHostId: target?.id ?? null, ...told }), clock.now());
      return [{ vmId: vm.id, host: move.to, refused: true }];
    }),
  );
  return failed.flat();
}

/** Waits, and says for what, until there is something to move again, the host is empty, or a person ended it. */
async function waitForMore(env: Env, id: MaintenanceId, tried: ReadonlyMap<VmId, readonly HostId[]>) {
  const { store, clock } = env;
  for (;;) {
    const plan = await planMoves(env, id, tried);
    if (plan.over) return "over";
    if (plan.moves.length > 0) {
      await store.recordMaintenance(id, "draining", "VMs are being moved off the host.", clock.now());
      return "more";
    }
    await writePlan(env, id, plan);
    if (plan.left === 0) {
      await store.recordMaintenance(
        id,
        "empty",
        "Nothing of Belay's runs there: the host may be worked on.",
        clock.now(),
      );
      return "empty";
    }
    const names = plan.maintenance.moves.filter((move) => move.state === "failed").map((move) => move.name);
    const all = [...new Set([...names, ...plan.stays.map(({ vm }) => vm.name)])];
    const more = all.length > namesShown ? ` and ${all.length - namesShown} more` : "";
    const who = all.length === 0 ? "" : `: ${all.slice(0, namesShown).join(", ")}${more}`;
    const run = plan.left === 1 ? "One VM still runs there" : `${plan.left} VMs still run there`;
    await store.recordMaintenance(id, "waiting", `${run}${who}. What keeps each is written beside it.`, clock.now());
    await clock.sleep(waitEveryMs);
  }
}

/** Owners who were told hear that it is over, wherever their VMs are by now. */
async function tellAllEnded(env: Env, id: MaintenanceId, announced: ReadonlySet<VmId>): Promise<void> {
  for (const vm of announced) await tellEnded(env, id, vm, "The work on the machine is over for it.");
}

/**
 * Empties a host by live migration: plans anew before each round, moves as many at once as were asked for, tries a failed move once elsewhere. What may not
 * move stays, in words, until a person does something about it. Ends when the host is empty, or when somebody ended the maintenance: then
 * nothing new is begun. Gone on with after a crash, it looks first where each VM is.
 */
export const drainHost =
  (env: Env) =>
  async (id: MaintenanceId, steps: Steps): Promise<void> => {
    const tries: Tries = { refused: new Map(), unasked: new Map() };
    const announced = new Set<VmId>();
    for (let round = 1; ; round++) {
      const batch = await steps.run(`plan ${round}`, async (): Promise<Batch> => {
        await settleAll(env, id);
        const plan = await planMoves(env, id, tries.refused);
        await writePlan(env, id, plan);
        const next = plan.moves.slice(0, plan.maintenance.parallel);
        const untold = next.flatMap(({ vm }) => (announced.has(vm.id) ? [] : [vm]));
        return {
          over: plan.over,
          moves: next.map(({ vm, to }) => ({ vmId: vm.id, to })),
          announce: await toAnnounce(env, untold),
        };
      });
      if (batch.over) return tellAllEnded(env, id, announced);
      if (batch.moves.length === 0) {
        const end = await steps.run(`wait ${round}`, () => waitForMore(env, id, tries.refused));
        if (end !== "more") return tellAllEnded(env, id, announced);
        continue;
      }
      const told = batch.announce ?? [];
      if (told.length > 0) {
        const answers = await steps.run(`announce ${round}`, () => announce(env, id, told));
        for (const { vmId } of told) announced.add(vmId);
        await steps.run(`answers ${round}`, async () => {
          // What is not moved any more, for somebody ended the work, is not stopped for it either.
          const ended = maintenanceStates[(await env.store.maintenance(id)).state].ended;
          await eachOf(ended ? [] : answers.stop, stoppedAtOnce, async (vm) =>
            tellEnded(env, id, vm, await stopInstead(env, vm)),
          );
          for (const heard of answers.heard) await env.store.settle(heard, env.clock.now());
        });
        continue; // what is to be moved is looked at anew: time has passed, and owners may have stopped theirs
      }
      for (const failed of await steps.run(`move ${round}`, () => moveBatch(env, id, batch, tries))) {
        const vm = parseId("vm", failed.vmId);
        const to = parseId("hst", failed.host);
        if (vm === undefined || to === undefined) continue;
        if (failed.refused) tries.refused.set(vm, [...(tries.refused.get(vm) ?? []), to]);
        else tries.unasked.set(vm, (tries.unasked.get(vm) ?? 0) + 1);
      }
    }
  };
