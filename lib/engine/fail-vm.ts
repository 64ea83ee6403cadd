import {
  asksElsewhere,
  type Plan,
  placeVms,
  planRepair,
  relocationRefusal,
  restartLimit,
  type VmDecision,
} from "../decide/index.ts";
import { causes, type Evidence, type Host, type HostId, type ProtectionMode, type Vm } from "../model/index.ts";
import { tellBeside } from "./beside.ts";
import { capturesInHand } from "./checkpoints/in-hand.ts";
import { savedOf } from "./checkpoints/saved.ts";
import { togetherOf } from "./conversation/partner.ts";
import type { Env } from "./env.ts";
import { timeOfDay } from "./time-of-day.ts";

/** A fault that Belay injected is the failure's own time when it is not older than this. */
const injectedWithinMs = 30_000;

/** Another host for a VM that its own does not help any more. */
async function elsewhere(
  { store }: Env,
  vm: Vm,
  mode: ProtectionMode,
): Promise<{ readonly host: HostId } | { readonly refusal: string }> {
  const refusal = relocationRefusal(vm, mode);
  if (refusal !== undefined) return { refusal };
  const [policy, hosts, vms] = await Promise.all([store.policy(), store.hosts(), store.allVms()]);
  return placeVms({ policy, hosts, vms }, [vm], new Set([vm.hostId])).get(vm.id) ?? { refusal: "No place was found." };
}

type Failed = Extract<VmDecision["verdict"], { kind: "failed" }>;

/** What is to be done about a VM that failed, as things are now. Writes nothing. */
async function planFor(
  env: Env,
  host: Host,
  vm: Vm,
  { verdict, decision }: { readonly verdict: Failed; readonly decision: VmDecision },
  definitionKnown: boolean,
) {
  const { store, clock } = env;
  const mode = await store.modeOf(vm.id);
  const hooks = await store.hooks();
  const recentRepairs = await store.repairsSince(vm.id, clock.now() - restartLimit.withinMs);
  const plan: Plan =
    host.standing === "in-use"
      ? planRepair({
          cause: verdict.cause,
          certainty: verdict.certainty,
          mode,
          consent: vm.consent,
          rollbackIntolerant: vm.rollbackIntolerant,
          recentRepairs,
          definitionKnown,
          failedAt: decision.tp,
          now: clock.monotonicMs(),
          hooks,
          elsewhere: asksElsewhere(recentRepairs) ? await elsewhere(env, vm, mode) : undefined,
          saved: await savedOf(env, vm, timeOfDay(clock, decision.tp)),
          together: await togetherOf(env, vm, mode),
        })
      : { refusal: "People work on the machine that it runs on: it is looked at anew when they are done." };
  return { plan, hooks, recentRepairs };
}

/**
 * Whether a VM that was handed over would be repaired by now, and nothing was tried lately. Asked at the first look of each life of Belay: one that
 * died just when people had done their work on a host has forgotten to look at its VMs anew.
 */
export async function isWorthALook(...asked: Parameters<typeof planFor>): Promise<boolean> {
  const { plan, recentRepairs } = await planFor(...asked);
  return recentRepairs === 0 && "technique" in plan;
}

/**
 * A VM failed: plans its repair, or says why nothing is done, and writes that down as one incident. `failure.decision` counts on the clock that is never set.
 * Gives the time to ask again, on that clock, where the plan is to wait. While an incident of the VM's is open nothing is written.
 */
export async function failVm(
  env: Env,
  host: Host,
  vm: Vm,
  failure: { readonly verdict: Failed; readonly decision: VmDecision; readonly evidence: readonly Evidence[] },
  definitionKnown: boolean,
): Promise<{ readonly notBefore: number } | undefined> {
  const { store, clock } = env;
  const { verdict, decision, evidence } = failure;
  const now = clock.now();
  const { plan, hooks } = await planFor(env, host, vm, failure, definitionKnown);
  if ("notBefore" in plan) return plan;

  const injectedAt = await store.injectedAt(vm.id, now - injectedWithinMs);
  const opened = await store.openIncident({
    vmId: vm.id,
    layer: "vm",
    cause: verdict.cause,
    certainty: verdict.certainty,
    tp: injectedAt ?? timeOfDay(clock, decision.tp),
    tpSource: injectedAt === undefined ? decision.tpSource : "injected",
    td: now,
    evidence,
    words: `${vm.name}: ${causes[verdict.cause]}. ${"refusal" in plan ? plan.refusal : plan.words}`,
    plan,
  });
  if (opened === undefined) return undefined;
  capturesInHand(env).get(vm.id)?.cancel("It failed.");
  if (opened.repairId !== undefined) await env.runner.start(opened.repairId);
  tellBeside(env, hooks, verdict.cause, {
    incident: opened.incidentId,
    layer: "vm",
    vm: vm.name,
    vmUuid: vm.uuid,
    host: host.name,
    words: verdict.words,
  });
  return undefined;
}
