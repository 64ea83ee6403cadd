import { decideVm, planRepair, restartLimit, type VmDecision, type VmMemory } from "../decide/index.ts";
import { causes, type EpochMs, type Evidence, type Vm, type VmId } from "../model/index.ts";
import type { EngineOptions, Env } from "./env.ts";
import type { Heard } from "./inbox.ts";
import type { DomainSight } from "./ports.ts";

/** What the engine keeps of one VM while it watches its host. */
export interface Watched {
  vm: Vm;
  memory: VmMemory | undefined;
  /** True while the VM has an incident that has not ended, as far as this engine knows. */
  troubled: boolean;
  /** Look again then, though nothing may come. */
  lookAt: EpochMs | undefined;
}

/** A fault that Belay injected is the failure's own time when it is not older than this. */
const injectedWithinMs = 30_000;

const asSeen = (vm: Vm, sight: DomainSight | undefined) =>
  sight === undefined
    ? {
        state: "missing" as const,
        reason: "none" as const,
        runId: null,
        persistent: vm.persistent,
        memoryMiB: vm.memoryMiB,
        vcpus: vm.vcpus,
      }
    : {
        state: sight.state,
        reason: sight.reason,
        runId: sight.runId,
        persistent: sight.persistent,
        memoryMiB: sight.memoryMiB,
        vcpus: sight.vcpus,
      };

const differs = (vm: Vm, seen: ReturnType<typeof asSeen>) =>
  vm.state !== seen.state ||
  vm.reason !== seen.reason ||
  vm.runId !== seen.runId ||
  vm.persistent !== seen.persistent ||
  vm.memoryMiB !== seen.memoryMiB ||
  vm.vcpus !== seen.vcpus;

function evidenceOf(
  decision: VmDecision,
  heard: Heard | undefined,
  sight: DomainSight | undefined,
  now: EpochMs,
): Evidence[] {
  const said = (heard?.said ?? []).map(
    (what): Evidence => ({
      at: heard?.since ?? now,
      source: "event",
      words: `The hypervisor said: ${what}.`,
      audience: "provider",
    }),
  );
  const state = sight === undefined ? "not defined" : `${sight.state}, reason ${sight.reason}`;
  const verdict = decision.verdict.kind === "failed" ? decision.verdict.words : "";
  return [
    ...said,
    { at: now, source: "scan", words: `Read from the hypervisor: ${state}.`, audience: "provider" },
    { at: now, source: heard === undefined ? "scan" : "event", words: verdict, audience: "all" },
  ];
}

async function openIncident(
  env: Env,
  watched: Watched,
  decision: VmDecision,
  evidence: Evidence[],
  definitionKnown: boolean,
) {
  const { verdict } = decision;
  if (verdict.kind !== "failed") return;
  const { store, clock } = env;
  const vm = watched.vm;
  const now = clock.now();
  const plan = planRepair({
    cause: verdict.cause,
    certainty: verdict.certainty,
    mode: await store.modeOf(vm.id),
    consent: vm.consent,
    recentRepairs: await store.repairsSince(vm.id, now - restartLimit.withinMs),
    definitionKnown,
  });
  const injectedAt = await store.injectedAt(vm.id, now - injectedWithinMs);
  const opened = await store.openIncident({
    vmId: vm.id,
    layer: "vm",
    cause: verdict.cause,
    certainty: verdict.certainty,
    tp: injectedAt ?? decision.tp,
    tpSource: injectedAt === undefined ? decision.tpSource : "injected",
    td: now,
    evidence,
    words: `${vm.name}: ${causes[verdict.cause]}. ${"refusal" in plan ? plan.refusal : plan.words}`,
    plan,
  });
  watched.troubled = true;
  if (opened?.repairId !== undefined) await env.runner.start(opened.repairId);
}

/** Whether the VM's last incident is one that a repair of ours is working on: what happens then is our own doing. */
async function underRepair(env: Env, vm: Vm): Promise<boolean> {
  const state = (await env.store.openIncidentsOf(vm.hostId)).get(vm.id);
  return state === "open" || state === "repairing";
}

/** Whether an incident that was handed over is over. A VM that should run is back when it answers: to run is not enough. */
async function isOver(env: Env, options: EngineOptions, vm: Vm): Promise<boolean> {
  if (await underRepair(env, vm)) return false;
  return vm.wanted === "stopped" || env.prober.answers(vm, vm.answerCheck, options.probeTimeoutMs);
}

/**
 * One look at one VM: what was read is written down, and what follows from it is begun. Everything here may be done
 * twice: the store refuses a second incident, and the runner a second run.
 */
export async function look(
  env: Env,
  options: EngineOptions,
  watched: Watched,
  sight: DomainSight | undefined,
  heard: Heard | undefined,
): Promise<void> {
  const { store, clock } = env;
  const now = clock.now();
  const decide = () =>
    decideVm({ vm: watched.vm, sight, said: heard?.said ?? [], heardAt: heard?.since, memory: watched.memory }, now);
  let decision = decide();
  if (decision.verdict.kind === "failed") {
    // Before anything follows from it: what its owner wishes may have changed since it was read.
    const fresh = (await store.vmsOf(watched.vm.hostId)).find(({ id }) => id === watched.vm.id);
    if (fresh === undefined) return; // its host was removed meanwhile
    watched.vm = fresh;
    decision = decide();
  }
  watched.memory = decision.memory;
  watched.lookAt = decision.verdict.kind === "wait" ? decision.verdict.until : undefined;

  // The wish before the state: once the state is known, the same stop is no wish any more.
  if (
    decision.wish !== undefined &&
    decision.wish.wanted !== watched.vm.wanted &&
    !(await underRepair(env, watched.vm))
  ) {
    watched.vm = await store.recordWanted(watched.vm.id, decision.wish.wanted, decision.wish.words, now);
  }
  const seen = asSeen(watched.vm, sight);
  if (differs(watched.vm, seen)) watched.vm = await store.recordVm(watched.vm.id, seen, now);

  if (decision.verdict.kind === "failed") {
    const definitionKnown =
      sight !== undefined || watched.vm.persistent || (await store.definitionKnown(watched.vm.id));
    await openIncident(env, watched, decision, evidenceOf(decision, heard, sight, now), definitionKnown);
  } else if (watched.troubled && decision.verdict.kind !== "wait" && (await isOver(env, options, watched.vm))) {
    await store.clearIncident(watched.vm.id, `${watched.vm.name} is as its owner wants it again.`, now);
    watched.troubled = false;
  }
}

export const startWatching = (vm: Vm, troubled: ReadonlySet<VmId>): Watched => ({
  vm,
  memory: undefined,
  troubled: troubled.has(vm.id),
  lookAt: undefined,
});
