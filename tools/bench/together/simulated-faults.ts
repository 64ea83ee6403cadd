import { defaultAgreement, type HostId, type Incident, type Viewer, type Vm } from "../../../lib/model/index.ts";
import { createRig, type Rig } from "../../../lib/sim/index.ts";
import type { FaultClass } from "./faults.ts";

/** What both parties concluded from one fault, against what it really was. */
export interface Judged {
  readonly fault: string;
  readonly seed: number;
  readonly right: boolean;
  /** From the fault to the conclusion, by the cloud's clock; null where there was none. */
  readonly tookMs: number | null;
  readonly concluded: string;
  /** Something was reset, switched off, made anew or fenced while nobody could be sure of what failed. */
  readonly destructiveWhileUncertain: number;
}

const warmUpMs = 20_000;
const concludeWithinMs = 90_000;
const quietForMs = 45_000;
const stepMs = 250;

const cloudOf = (onCrash: FaultClass["onCrash"]) =>
  [1, 2, 3].map((n) => ({
    name: `host-${n}`,
    sharedPaths: ["/shared"],
    fence: [{}],
    helper: true,
    vms: [1, 2].map((m) => ({ name: `vm-${n}-${m}`, ...(onCrash !== undefined && { onCrash }) })),
  }));

/** Every VM belongs to one customer's application in mode `collaborative`. */
async function give(rig: Rig): Promise<{ readonly organization: Viewer["organizationId"]; readonly by: Viewer }> {
  const { store, ids, clock } = rig;
  const organization = { id: ids.next("org"), name: "Aster", role: "customer" } as const;
  const by: Viewer = { userId: null, name: "provider", organizationId: ids.next("org"), role: "provider" };
  await store.service.createOrganization(organization, by, clock.now());
  const application = {
    id: ids.next("app"),
    organizationId: organization.id,
    name: "shop",
    mode: "collaborative",
    checkpointEveryMs: null,
    agreement: defaultAgreement,
  } as const;
  await store.service.createApplication(application, by, clock.now());
  for (const { vm } of store.tables.vms.values())
    await store.service.changeVm(vm.id, { applicationId: application.id, consent: "relocate" }, by, clock.now());
  return { organization: organization.id, by };
}

const told = ({ layer, cause, certainty }: Pick<Incident, "layer" | "cause" | "certainty">) =>
  `${layer}: ${cause} (${certainty})`;

/** One fault on a cloud of its own, drawn by its seed: which VM, and when in the rhythm of Belay's looks. */
export async function judgeSimulated(fault: FaultClass, seed: number): Promise<Judged> {
  const rig = await createRig({ hosts: cloudOf(fault.onCrash), seed });
  try {
    await rig.act({ do: "belay-starts" });
    await rig.clock.advance(warmUpMs);
    const { organization } = await give(rig);
    await rig.act({ do: "choose", vm: "*", answers: "icmp" });
    await rig.clock.advance(warmUpMs + ((seed * 7919) % 4_000));
    const vms = [...rig.store.tables.vms.values()].map(({ vm }) => vm).sort((a, b) => (a.name < b.name ? -1 : 1));
    const vm = vms[seed % vms.length];
    const host = [...rig.store.tables.hosts.values()].find((it) => it.host.id === vm?.hostId)?.host;
    if (vm === undefined || host === undefined) throw new Error("the simulated cloud has no VM");
    const known = new Set(rig.store.tables.incidents.keys());
    const began = rig.clock.now();
    for (const action of fault.befall(vm.name, host.name)) {
      if ((await rig.act(action)) === undefined) throw new Error(`${action.do} could not happen to ${vm.name}`);
      await rig.clock.advance(fault.layer === null ? 400 : 0);
    }
    const ended =
      fault.customer === undefined
        ? await seenByProvider(rig, fault, vm, host.id, known)
        : await askedByCustomer(rig, fault.customer, vm, organization);
    const right =
      fault.layer === null
        ? ended === undefined || ended.layer === null
        : ended?.layer === fault.layer && (ended.cause === undefined || fault.causes.some((it) => it === ended.cause));
    return {
      fault: fault.name,
      seed,
      right,
      tookMs: ended === undefined ? null : rig.clock.now() - began,
      concluded: ended?.words ?? "nothing failed",
      destructiveWhileUncertain: destructive(rig, fault, known),
    };
  } finally {
    rig.close();
  }
}

interface Conclusion {
  readonly layer: Incident["layer"] | null;
  readonly cause?: Incident["cause"];
  readonly words: string;
}

/** The incident that the provider's own detectors open: the host's before those of its VMs. */
async function seenByProvider(
  rig: Rig,
  fault: FaultClass,
  vm: Vm,
  hostId: HostId,
  known: ReadonlySet<string>,
): Promise<Conclusion | undefined> {
  const fresh = () =>
    [...rig.store.tables.incidents.values()].filter(
      (it) => !known.has(it.id) && (it.vmId === vm.id || (it.vmId === null && it.hostId === hostId)),
    );
  const waitMs = fault.layer === null ? quietForMs : concludeWithinMs;
  for (let waited = 0; waited < waitMs; waited += stepMs) {
    await rig.clock.advance(stepMs);
    const sure = fresh().find((it) => it.certainty !== "unsure" && it.cause !== "host-lost");
    if (sure !== undefined) return { layer: sure.layer, cause: sure.cause, words: told(sure) };
  }
  const unsure = fresh()[0];
  return unsure && { layer: unsure.layer, cause: unsure.cause, words: told(unsure) };
}

/** The customer's sensors see something, and their manager asks. */
async function askedByCustomer(
  rig: Rig,
  customer: NonNullable<FaultClass["customer"]>,
  vm: Vm,
  organizationId: Viewer["organizationId"],
): Promise<Conclusion | undefined> {
  const { store, ids, clock } = rig;
  const manager = { organizationId, instance: "bench-one", name: "bench", version: "1" };
  const { epoch } = await store.service.claimManager(manager, 600_000, clock.now());
  const id = ids.next("msg");
  const message = { kind: "diagnosis.asked", vmId: vm.id, customer, words: "The service does not answer." } as const;
  await store.service.hear({ id, organizationId, epoch, message, by: "bench" }, clock.now());
  for (let waited = 0; waited < concludeWithinMs; waited += stepMs) {
    await clock.advance(stepMs);
    const said = await store.service.undelivered(organizationId, 100);
    for (const it of said) {
      if (it.from !== "provider" || it.message.kind !== "diagnosis.answered" || it.message.question !== id) continue;
      const { layer, words } = it.message.conclusion;
      return { layer, words: `${layer}: ${words}` };
    }
  }
  return undefined;
}

/** Repairs begun for incidents that nobody was sure of, and power cut from hosts that ran and were no part of the fault. */
function destructive(rig: Rig, fault: FaultClass, known: ReadonlySet<string>): number {
  const { incidents, repairs } = rig.store.tables;
  const begun = [...repairs.values()].filter((repair) => {
    const incident = incidents.get(repair.incidentId);
    return incident !== undefined && !known.has(incident.id) && incident.certainty === "unsure";
  });
  const cuts = rig.cloud.world.powerCuts.filter((cut) => cut.ran && fault.layer !== "host");
  return begun.length + cuts.length;
}
