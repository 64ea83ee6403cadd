import { z } from "zod";
import type { Ids } from "../../engine/ports.ts";
import {
  BelayError,
  type Cause,
  type CloudPolicy,
  causes,
  consentLadder,
  defaultAgreement,
  defaultPolicy,
  type Host,
  type Incident,
  protectionModeNames,
  type Viewer,
  type Vm,
  wantedStates,
} from "../../model/index.ts";
import { optionsOf } from "../fencing/agents.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import type { World } from "../world/world.ts";
import { askToSave, isSaveAction, saveActions } from "./people-saves.ts";
import { askTogether, isTogetherAction, togetherActions } from "./people-together.ts";

const vm = z.string();
const host = z.string();
const device = z.int().min(1).default(1);
const causeNames = Object.keys(causes) as [Cause, ...Cause[]];
/** Those that are numbers. */
type PolicyNumber = { [K in keyof CloudPolicy]: CloudPolicy[K] extends number ? K : never }[keyof CloudPolicy];
const isNumber = (name: string): name is PolicyNumber =>
  typeof Object.entries(defaultPolicy).find(([key]) => key === name)?.[1] === "number";
const policyNames = Object.keys(defaultPolicy).filter(isNumber);

/** What people ask of Belay: the owners of VMs, and the provider. */
export const personAction = z.discriminatedUnion("do", [
  ...saveActions,
  ...togetherActions,
  /** The button of the page: an intent for the run that the person sees. */
  z.strictObject({ do: z.literal("kill-button"), vm, key: z.string().min(1) }),
  z.strictObject({ do: z.literal("consent"), vm, to: z.enum(consentLadder) }),
  z.strictObject({ do: z.literal("wanted"), vm, to: z.enum(wantedStates) }),
  z.strictObject({ do: z.literal("mode"), vm, to: z.enum(protectionModeNames) }),
  /** Any of an owner's choices at once; `*` is every VM that Belay knows. */
  z.strictObject({
    do: z.literal("choose"),
    vm,
    consent: z.enum(consentLadder).optional(),
    wanted: z.enum(wantedStates).optional(),
    priority: z.int().min(0).max(9).optional(),
    apart: z.string().nullable().optional(),
    together: z.string().nullable().optional(),
    rollbackIntolerant: z.boolean().optional(),
    checkpointEveryMs: z.int().min(0).nullable().optional(),
    standby: z.boolean().optional(),
    checkpointGroup: z.string().nullable().optional(),
    answers: z.enum(["agent", "icmp", "tcp"]).optional(),
  }),
  /** Yes to what the host's incident asks. */
  z.strictObject({ do: z.literal("approve"), host }),
  /** "It is off and stays off": people say so of a host that really is. */
  z.strictObject({ do: z.literal("say-off"), host }),
  z.strictObject({ do: z.literal("begin-maintenance"), host, parallel: z.int().min(1).default(1) }),
  z.strictObject({ do: z.literal("end-maintenance"), host }),
  z.strictObject({
    do: z.literal("put-fence"),
    host,
    device,
    agent: z.string().default("sim-ipmi"),
    timeoutMs: z.int().default(5000),
  }),
  z.strictObject({ do: z.literal("remove-fence"), host, device }),
  z.strictObject({ do: z.literal("rack"), host, to: z.string().nullable() }),
  z.strictObject({ do: z.literal("share"), host, paths: z.array(z.string()) }),
  z.strictObject({
    do: z.literal("put-hook"),
    program: z.string().min(1),
    cause: z.enum(causeNames),
    role: z.enum(["instead", "beside"]).default("instead"),
    timeoutMs: z.int().min(1).default(30_000),
  }),
  z.strictObject({ do: z.literal("remove-hook"), program: z.string().min(1) }),
  z.strictObject({ do: z.literal("policy"), change: z.partialRecord(z.enum(policyNames), z.number()) }),
]);
export type PersonAction = z.infer<typeof personAction>;

export interface People {
  readonly store: MemoryStore;
  readonly world: World;
  readonly ids: Ids;
  readonly by: Viewer;
  now(): number;
}

/** Asks it of Belay's services; the sentence for it, or undefined where there is nothing to ask, or Belay refuses. */
export async function askFor(people: People, action: PersonAction): Promise<string | undefined> {
  try {
    if (isTogetherAction(action)) return await askTogether(people, action);
    if ("vm" in action) return await aboutVm(people, action);
    return "host" in action ? await aboutHost(people, action) : await aboutCloud(people, action);
  } catch (error) {
    if (error instanceof BelayError) return undefined;
    throw error;
  }
}

type VmAction = Extract<PersonAction, { vm: string }>;
type HostAction = Extract<PersonAction, { host: string }>;

async function aboutVm(people: People, action: VmAction): Promise<string | undefined> {
  const { store, by, now } = people;
  const vms = [...store.tables.vms.values()].flatMap((row) => (row.removed ? [] : [row.vm]));
  if (action.do === "choose") {
    const chosen = vms.filter((it) => action.vm === "*" || it.name === action.vm);
    for (const it of chosen) await store.service.changeVm(it.id, choicesOf(people.world, it, action), by, now());
    return chosen.length === 0 ? undefined : choiceWords(action);
  }
  const vm = vms.find((it) => it.name === action.vm);
  if (!vm) return undefined;
  if (isSaveAction(action)) return askToSave(people, vm, action);
  switch (action.do) {
    case "kill-button": {
      const known = await store.service.intentByKey(action.key);
      const runId = known?.runId ?? vm.runId;
      if (runId === null || (known && known.vmId !== vm.id)) return undefined; // a key belongs to one request
      await store.service.recordIntent({ kind: "kill-vm", vmId: vm.id, runId, key: action.key }, by, now());
      return `${by.name} presses Kill VM for ${vm.name}.`;
    }
    case "consent":
      await store.service.changeVm(vm.id, { consent: action.to }, by, now());
      return `The owner of ${vm.name} allows: ${action.to}.`;
    case "wanted":
      await store.service.changeVm(vm.id, { wanted: action.to }, by, now());
      return `The owner of ${vm.name} wants it ${action.to}.`;
    case "mode":
      await protect(people, vm, action.to);
      return `The application of ${vm.name} is protected so: ${action.to}.`;
  }
}

async function protect({ store, ids, by, now }: People, vm: Vm, mode: (typeof protectionModeNames)[number]) {
  if (vm.applicationId !== null) {
    await store.service.changeApplication(vm.applicationId, { mode }, by, now());
    return;
  }
  const organization = { id: ids.next("org"), name: `Owner of ${vm.name}`, role: "customer" } as const;
  await store.service.createOrganization(organization, by, now());
  const application = {
    id: ids.next("app"),
    organizationId: organization.id,
    name: `App of ${vm.name}`,
    mode,
    checkpointEveryMs: null,
    agreement: defaultAgreement,
  };
  await store.service.createApplication(application, by, now());
  await store.service.changeVm(vm.id, { applicationId: application.id }, by, now());
}

type Choice = Extract<PersonAction, { do: "choose" }>;

function choicesOf(world: World, vm: Vm, { do: _, vm: __, answers, ...rest }: Choice) {
  const address = world.guest(vm.uuid)?.address ?? "";
  const checks = {
    agent: { kind: "agent" },
    icmp: { kind: "icmp", address },
    tcp: { kind: "tcp", address, port: 80 },
  } as const;
  return answers === undefined ? rest : { ...rest, answerCheck: checks[answers] };
}

function choiceWords({ do: _, vm, ...rest }: Choice): string {
  const said = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return `${vm === "*" ? "The owners of all VMs choose" : `The owner of ${vm} chooses`}: ${said.join(", ")}.`;
}

async function aboutHost(people: People, action: HostAction): Promise<string | undefined> {
  const { store, by, ids, now } = people;
  const { service, tables } = store;
  const host = hostNamed(store, action.host);
  if (!host) return undefined;
  switch (action.do) {
    case "approve": {
      const incident = openIncidentOf(store, host);
      if (incident?.awaits !== "approval") return undefined;
      await service.approve(incident.id, by, now());
      return `${by.name} approves what the incident of ${host.name} asks.`;
    }
    case "say-off": {
      const incident = openIncidentOf(store, host);
      if (!incident || people.world.host(host.name)?.power !== "off" || tables.saidOff.has(incident.id))
        return undefined;
      await service.sayOff(incident.id, by, now());
      return `${by.name} looks at ${host.name} and says that it is off and stays off.`;
    }
    case "begin-maintenance":
      await service.beginMaintenance({ id: ids.next("mnt"), hostId: host.id, parallel: action.parallel }, by, now());
      return `${by.name} begins maintenance of ${host.name}, moving ${action.parallel} at once.`;
    case "end-maintenance": {
      const open = [...tables.maintenances.values()].find((it) => it.hostId === host.id && it.state !== "ended");
      if (!open) return undefined;
      await service.endMaintenance(open.id, by, now());
      return `${by.name} ends the maintenance of ${host.name}.`;
    }
    case "put-fence": {
      const known = deviceOf(store, host, action.device);
      const { agent, timeoutMs, device } = action;
      const options = optionsOf(host.name, device);
      const id = known?.id ?? ids.next("fnc");
      await service.putFenceDevice({ id, hostId: host.id, position: device, agent, options, timeoutMs }, by, now());
      return `${by.name} gives ${host.name} the fence device ${agent} as number ${device}.`;
    }
    case "remove-fence": {
      const known = deviceOf(store, host, action.device);
      if (!known) return undefined;
      await service.removeFenceDevice(known.id, by, now());
      return `${by.name} removes fence device ${action.device} of ${host.name}.`;
    }
    case "rack":
      await service.changeHost(host.id, { rack: action.to }, by, now());
      return `${by.name} says that ${host.name} stands in ${action.to ?? "no rack"}.`;
    case "share":
      await service.changeHost(host.id, { sharedPaths: action.paths }, by, now());
      return `${by.name} says that ${host.name} shares ${action.paths.join(", ") || "nothing"}.`;
  }
}

async function aboutCloud(
  people: People,
  action: Extract<PersonAction, { do: "put-hook" | "remove-hook" | "policy" }>,
): Promise<string | undefined> {
  const { store, by, ids, now } = people;
  switch (action.do) {
    case "put-hook": {
      const { program, cause, role, timeoutMs } = action;
      const hook = { id: ids.next("hok"), program, args: [], cause, role, timeoutMs, enabled: true };
      await store.service.putHook(hook, by, now());
      return `${by.name} has ${program} run ${role === "instead" ? "instead of a repair" : "beside the repair"} when ${causes[cause]}.`;
    }
    case "remove-hook": {
      const hook = [...store.tables.hooks.values()].find((it) => it.program === action.program);
      if (!hook) return undefined;
      await store.service.removeHook(hook.id, by, now());
      return `${by.name} removes the hook ${action.program}.`;
    }
    case "policy":
      await store.service.changePolicy(action.change, by, now());
      return `${by.name} changes the policy: ${Object.entries(action.change)
        .map(([name, value]) => `${name} ${value}`)
        .join(", ")}.`;
  }
}

export const hostNamed = (store: MemoryStore, name: string): Host | undefined =>
  [...store.tables.hosts.values()].find((row) => !row.removed && row.host.name === name)?.host;

const openIncidentOf = (store: MemoryStore, host: Host): Pick<Incident, "id" | "awaits"> | undefined =>
  [...store.tables.by.openIncident.of("open")].find((it) => it.vmId === null && it.hostId === host.id);

const deviceOf = (store: MemoryStore, host: Host, position: number) =>
  [...store.tables.fenceDevices.values()].find((it) => it.hostId === host.id && it.position === position);
