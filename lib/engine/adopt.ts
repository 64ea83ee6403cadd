import { planRepair } from "../decide/index.ts";
import { causes, type Host, type Vm, vmStates } from "../model/index.ts";
import type { Env } from "./env.ts";
import { underRepair } from "./look.ts";
import { type DomainSight, type EngineStore, HostUnreachable, type Hypervisor } from "./ports.ts";

/** What runs is taken as wanted and what stands still as unwanted: a VM is never started by surprise. */
export async function adopt(env: Env, host: Host, sight: DomainSight): Promise<Vm> {
  const definition = await env.hypervisor.readDefinition(host.id, sight.uuid);
  const wanted = sight.state === "stopped" ? "stopped" : "running";
  return env.store.adoptVm(host.id, sight, definition, wanted, env.clock.now());
}

const twoCopies = (name: string): string => {
  const plan = planRepair({
    ...{ cause: "two-copies", certainty: "certain", mode: "provider", consent: "notify", rollbackIntolerant: false },
    ...{
      recentRepairs: 0,
      definitionKnown: true,
      failedAt: 0,
      now: 0,
      hooks: [],
      elsewhere: undefined,
      saved: undefined,
    },
  });
  return "refusal" in plan ? plan.refusal : `${name}: look at both.`;
};

/** All that it touches. */
export interface Sees extends Pick<Env, "clock"> {
  readonly store: Pick<EngineStore, "vm" | "host" | "openIncidentsOf" | "recordMoved" | "openIncident">;
  readonly hypervisor: Pick<Hypervisor, "readDomain">;
}

/** By our own hand. Of a host that was removed since nobody says any more that it arrived. */
const isOnItsWay = async ({ store }: Sees, { movingTo }: Vm): Promise<boolean> =>
  movingTo !== null && (await store.host(movingTo)) !== undefined;

const takeOver = ({ store, clock }: Sees, host: Host, vm: Vm): Promise<Vm> =>
  store.recordMoved(vm.id, host.id, "It was moved here by hand, and is watched here from now on.", clock.now());

/**
 * A domain that is known on another host is seen on this one. On its way by our own hand: nothing. Running here and not there: a person moved it.
 * Running on both, seen twice: an alarm, and no hand is laid on either. A host that cannot be asked leaves it open, unless it is proven off. Gives the VM once it is
 * this host's, and `both` when it ran on both.
 */
export async function seenElsewhere(
  env: Sees,
  host: Host,
  known: Vm,
  sight: DomainSight,
  bothBefore: boolean,
): Promise<{ readonly mine?: Vm; readonly both: boolean }> {
  const { store, hypervisor, clock } = env;
  const vm = await store.vm(known.id);
  if (vm === undefined) return { both: false };
  if (vm.hostId === host.id) return { mine: vm, both: false };
  if (sight.state !== "running" || (await isOnItsWay(env, vm)) || (await underRepair(env, vm))) return { both: false };
  const other = await store.host(vm.hostId);
  // Proven off, it does not run it, and needs no asking.
  if (other?.standing === "fenced") return { mine: await takeOver(env, host, vm), both: false };
  if (other === undefined || (other.standing !== "in-use" && other.standing !== "maintenance")) return { both: false };
  const there = await hypervisor.readDomain(other.id, vm.uuid).catch((error: unknown) => {
    if (error instanceof HostUnreachable) return "silent" as const;
    throw error;
  });
  if (there === "silent") return { both: false };
  if (there === undefined || !vmStates[there.state].alive) return { mine: await takeOver(env, host, vm), both: false };
  if (there.state !== "running") return { both: false }; // in the middle of a migration by hand
  if (!bothBefore) return { both: true };
  const now = clock.now();
  const refusal = twoCopies(vm.name);
  const said = (name: string) =>
    ({ at: now, source: "scan", words: `It runs on ${name}.`, audience: "provider" }) as const;
  await store.openIncident({
    ...{ vmId: vm.id, layer: "vm", cause: "two-copies", certainty: "certain", tp: now, tpSource: "scan", td: now },
    evidence: [
      said(other.name),
      said(host.name),
      { at: now, source: "scan", words: "Two hosts say that they run it.", audience: "all" },
    ],
    words: `${vm.name}: ${causes["two-copies"]}. ${refusal}`,
    plan: { refusal },
  });
  return { both: true };
}
