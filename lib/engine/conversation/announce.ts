import {
  type EpochMs,
  type MaintenanceId,
  type MessageId,
  maintenanceStates,
  type Vm,
  type VmId,
} from "../../model/index.ts";
import type { Env } from "../env.ts";
import { notRunning } from "../not-running.ts";
import { HostUnreachable, HypervisorRefused } from "../ports.ts";
import { retry } from "../repair/retry.ts";
import { isReachable } from "./partner.ts";
import { refOf, sayTo } from "./say.ts";
import { heardWithin, untilOrAtMost } from "./wait.ts";

/** Work that is announced to a VM's owner, and when it begins by itself. Plain data: it is journalled before it is said. */
export interface Announcement {
  readonly vmId: VmId;
  readonly startsAt: EpochMs;
}

const thread = { incidentId: null, repairId: null };

/** Those of these VMs whose owners are told before they are moved. */
export async function toAnnounce(env: Env, vms: readonly Vm[]): Promise<Announcement[]> {
  const { store, clock } = env;
  const found: Announcement[] = [];
  for (const vm of vms) {
    if ((await store.modeOf(vm.id)) !== "collaborative" || !(await isReachable(env, vm))) continue;
    const { answerWithinMs } = await store.agreementOf(vm.id);
    found.push({ vmId: vm.id, startsAt: clock.now() + answerWithinMs });
  }
  return found;
}

/** What owners said, by the message: it is settled once it is journalled. */
export interface Answers {
  /** They want these stopped instead. */
  readonly stop: readonly VmId[];
  readonly heard: readonly MessageId[];
}

/** Tells each owner that the VM is moved, and waits until all have said that it may begin, or the time is over. */
export async function announce(env: Env, work: MaintenanceId, all: readonly Announcement[]): Promise<Answers> {
  const { store, clock } = env;
  let latest = clock.now();
  for (const { vmId, startsAt } of all) {
    const vm = await store.vm(vmId);
    latest = Math.max(latest, startsAt);
    if (vm === undefined) continue;
    await sayTo(env, vm.organizationId, thread, `${work}/${vmId}`, {
      ...{ kind: "maintenance.announced", vm: refOf(vm), work, startsAt, actions: ["begin", "stop"] },
      words: "The machine that it runs on is worked on: it is moved to another one while it runs.",
    });
  }
  const { answerMostMs } = await store.policy();
  const deadlineMs = clock.monotonicMs() + untilOrAtMost(latest - clock.now(), answerMostMs);
  const answers = new Map<VmId, { readonly action: "begin" | "stop"; readonly id: MessageId }>();
  await heardWithin(
    env,
    () => deadlineMs,
    async () => {
      if (maintenanceStates[(await store.maintenance(work)).state].ended) return true;
      for (const { id, at, message } of await store.unsettled()) {
        if (message.kind !== "maintenance.answered" || message.work !== work) continue;
        const announced = all.find((it) => it.vmId === message.vmId);
        if (announced === undefined || at > announced.startsAt) continue;
        answers.set(message.vmId, { action: message.action, id });
      }
      return all.every((it) => answers.has(it.vmId)) ? true : undefined;
    },
  );
  return {
    stop: [...answers].flatMap(([vm, { action }]) => (action === "stop" ? [vm] : [])),
    heard: [...answers.values()].map(({ id }) => id),
  };
}

/** A guest may end its programs before it is switched off: nothing of it is lost then, and nothing waits for one that hangs. */
const shutDownWithinMs = 30_000;
const askedWithinMs = 5_000;
const stopWithinMs = 60_000;

/** Whether the guest ended by itself, as it was asked. Looks once where it did not run when it was to be asked. */
async function shutsDown(env: Env, { hostId, uuid }: Vm): Promise<boolean> {
  const { hypervisor, clock } = env;
  const asked = await retry(env, askedWithinMs, async () => ({
    came: await hypervisor.act(hostId, uuid, "shut-down"),
  }));
  const untilMs = clock.monotonicMs() + ("came" in asked && asked.came.done ? shutDownWithinMs : 0);
  const ended = await heardWithin(
    env,
    () => untilMs,
    async () => {
      try {
        const sight = await hypervisor.readDomain(hostId, uuid);
        if (sight !== undefined && sight.state !== "stopped") return undefined;
        return { byItself: sight?.reason !== "destroyed" };
      } catch (error) {
        if (error instanceof HostUnreachable || error instanceof HypervisorRefused) return undefined;
        throw error;
      }
    },
  );
  return ended?.byItself === true;
}

/** The owner wants it stopped instead of moved. Twice is once. */
export async function stopInstead(env: Env, vmId: VmId): Promise<string> {
  const { store, hypervisor, clock } = env;
  const vm = await store.vm(vmId);
  if (vm === undefined) return "It is not there any more.";
  await store.recordWanted(vmId, "stopped", "Its owner wants it stopped instead of moved.", clock.now());
  const orderly = await shutsDown(env, vm);
  const end = await retry(env, stopWithinMs, async () => ({
    came: await hypervisor.act(vm.hostId, vm.uuid, "switch-off"),
  }));
  if (!("came" in end)) return "Its owner wants it stopped, and it could not be.";
  // Known at once: what is planned next must not take it for one that runs.
  await store.recordVm(vmId, notRunning(vm, "stopped", orderly ? "shutdown" : "destroyed"), clock.now());
  return orderly
    ? "It was shut down, as its owner wanted."
    : "It was switched off, as its owner wanted: its guest did not shut down in time.";
}

/** The work on this VM is over. */
export async function tellEnded(env: Env, work: MaintenanceId, vmId: VmId, words: string): Promise<void> {
  const vm = await env.store.vm(vmId);
  if (vm === undefined) return;
  await sayTo(env, vm.organizationId, thread, `${work}/${vmId}/ended`, {
    ...{ kind: "maintenance.ended", vm: refOf(vm), work, words },
  });
}
