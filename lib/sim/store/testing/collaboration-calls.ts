import {
  type Agreement,
  type Allocation,
  type ApiKey,
  type allocationStates,
  type CustomerMessage,
  customerPhases,
  type Endpoint,
  type fallbacks,
  type IdSource,
  type Image,
  type ProviderMessage,
  type Sensor,
  type SensorReport,
  sensorStates,
  type Viewer,
} from "../../../model/index.ts";
import type { Random } from "../../random.ts";
import type { Call, Store } from "./twins.ts";

interface Hands {
  readonly random: Random;
  readonly ids: IdSource;
  readonly by: Viewer;
  /** The twin that is asked what there is to call about. */
  readonly known: Store;
  any<T>(list: readonly T[]): T | undefined;
}

/** The kinds of events that only these calls tell. */
export const toldTogether = [
  ...["conversation.changed", "sensors.changed", "manager.changed"],
  ...["allocation.changed", "image.changed", "image.removed"],
];

const fallbackNames = ["own-disk", "checkpoint", "hand-over"] as const satisfies readonly (keyof typeof fallbacks)[];
const stateNames = [
  "asked",
  "making",
  "making",
  "running",
  "failed",
] as const satisfies readonly (keyof typeof allocationStates)[];

/** Draws the calls of repairing together: sensible often enough to get somewhere, and wrong often enough to be refused. */
export function collaborationCalls({ random, ids, by, known, any }: Hands) {
  const pick = random.pick;
  let counted = 0;
  let heardBefore: Parameters<Store["service"]["hear"]>[0] | undefined;

  return async (now: number): Promise<Record<string, Call>> => {
    const { service, engine } = known;
    const organizationId = any(await service.organizations())?.id ?? ids.next("org");
    const application = any(await service.applications());
    const applicationId = application?.id ?? ids.next("app");
    const owner = random.chance(0.9) ? (application?.organizationId ?? organizationId) : organizationId;
    const vms = await service.vms();
    const vm = any(vms);
    const vmId = vm?.id ?? ids.next("vm");
    const owned = any(vms.filter((it) => it.organizationId !== null));
    const talker = owned?.organizationId ?? organizationId;
    const talkedOf = owned?.id ?? vmId;
    const incidents = (await service.incidents({ limit: 20 })).filter((it) => it.organizationId !== null);
    const incident = any(incidents.filter((it) => it.repairs.some((one) => one.finishedAt === null))) ?? any(incidents);
    const repair = incident?.repairs.at(-1)?.id ?? ids.next("rep");
    const mine = incident?.organizationId ?? talker;
    const all = await service.images();
    const some = any(all);
    const yes = random.chance(0.5);
    const letter = pick(["a", "b", "c"]);
    const words = `So ${letter}.`;
    const agreement: Partial<Agreement> = pick([
      { answerWithinMs: pick([5000, 10_000, 900_000]) },
      { finishWithinMs: 60_000, fallback: pick(fallbackNames) },
      {},
    ]);

    const image: Image = {
      ...{ id: yes ? (some?.id ?? ids.next("img")) : ids.next("img"), name: `image-${letter}`, words },
      ...{ sha256: pick(["d", "e", "f", "0"]).repeat(64), sizeBytes: 8_000_000_000, path: "/vms/image", format: "raw" },
      boot: pick([{ kind: "disk" }, { kind: "kernel", kernel: "/k", initrd: "/i", commandLine: "quiet" }] as const),
    };
    const ownKeys = await service.keys(organizationId);
    const freshKey: ApiKey = {
      ...{ id: random.chance(0.8) ? ids.next("key") : (any(ownKeys)?.id ?? ids.next("key")), organizationId: owner },
      ...{ name: `key ${letter}`, scopes: ["read", "collaborate"], createdAt: now, lastUsedAt: null, revokedAt: null },
    };
    const digest = `digest-${counted++}`;
    const usedDigest = `digest-${random.between(0, counted)}`;
    const endpoint: Endpoint = {
      ...{
        organizationId: owner,
        url: `https://${letter}.example/hook?token=x`,
        words: null,
        ok: false,
        gone: false,
        triedAt: null,
      },
    };
    const manager = {
      ...{ organizationId: mine, instance: pick(["instance-1", "instance-1", "instance-2"]), name: "shop" },
      version: pick(["1", "1", "1", "2"]),
      byEndpoint: letter === "c",
    };
    const epoch = (await engine.managerOf(mine))?.epoch ?? null;
    const claimed = random.chance(0.9) ? epoch : pick([null, 7]);
    const sensor = (name: string): Sensor => ({
      ...{ name, kind: "tcp", server: "web", vmId, fromVmId: null, state: pick(sensorStates), since: now, words },
    });
    const before = await engine.sensorsOf(applicationId);
    const report: SensorReport = {
      ...{ organizationId: owner, applicationId, reportedAt: now },
      sensors: before && random.chance(0.6) ? before.sensors : yes ? [sensor("one"), sensor("two")] : [sensor("one")],
    };

    const ref = { id: talkedOf, name: "it" };
    const deadline = now + pick([-1, 4000, 60_000]);
    const work = `work-${pick([1, 2])}`;
    const proposed = {
      ...{ kind: "repair.proposed", repair, vm: ref, answerBy: deadline, latest: now + 90_000, fallback: "own-disk" },
      techniques: [{ technique: "revive-vm", words, expectedMs: 900.5, loses: "Nothing." }],
    } as const satisfies ProviderMessage;
    const back = {
      ...{ kind: "vm.restarted", repair, vm: ref, address: null, from: "own-disk", image: null, generation: 0 },
      ...{ apart: "not-asked", finishBy: deadline },
    } as const satisfies ProviderMessage;
    const provider = pick([
      proposed,
      back,
      { kind: "repair.changed", repair, vm: ref, state: pick(["agreed", "waiting", "fallback"]), words },
      { kind: "diagnosis.asked", vm: ref, provider: { host: "well", vm: "silent" }, answerBy: deadline },
      { kind: "maintenance.announced", vm: ref, work, words, startsAt: deadline, actions: ["begin"] },
      { kind: "maintenance.ended", vm: ref, work, words },
    ] as const) satisfies ProviderMessage;
    const isOfRepair = "repair" in provider;
    const saying = {
      key: random.chance(0.9) ? `said-${counted++}` : `said-${random.between(0, counted)}`,
      organizationId: isOfRepair ? mine : talker,
      incidentId: isOfRepair ? (incident?.id ?? null) : null,
      repairId: isOfRepair ? repair : null,
      message: provider,
    };
    const toRepair = { organizationId: mine, incidentId: incident?.id ?? null, repairId: repair };
    const proposal = { key: `said-${counted++}`, ...toRepair, message: proposed };
    const restarted = { key: `said-${counted++}`, ...toRepair, message: back };
    const own = await service.conversation(talker, null);
    const asked = any(own.filter((it) => it.message.kind === "diagnosis.asked"));
    const customer = { reached: "by-none", processes: "unknown", service: "fails" } as const;
    const ofRepair: CustomerMessage = pick([
      { kind: "repair.accepted", repair },
      { kind: "repair.chosen", repair, technique: pick(["revive-vm", "relocate"] as const) },
      { kind: "repair.postponed", repair, until: now + pick([1000, 95_000]), words },
      { kind: "repair.declined", repair, words },
      { kind: "repair.phase", repair, phase: pick(customerPhases), percent: 12.5, words },
      { kind: "repair.phase", repair, phase: pick(customerPhases), percent: null, words },
      { kind: "repair.completed", repair, words },
    ] as const);
    const ofVm: CustomerMessage = pick([
      { kind: "diagnosis.asked", vmId: talkedOf, customer, words },
      { kind: "diagnosis.answered", question: asked?.id ?? ids.next("msg"), customer },
      { kind: "maintenance.answered", work, vmId: talkedOf, action: pick(["begin", "stop"] as const) },
    ] as const);
    const id = ids.next("msg");
    const heard = { id, organizationId: mine, epoch: claimed, message: ofRepair, by: "shop" };
    const talkedEpoch = (await engine.managerOf(talker))?.epoch ?? null;
    const heardOfVm = { id, organizationId: talker, epoch: talkedEpoch, message: ofVm, by: "shop" };
    const again = heardBefore ?? heard;
    const waiting = any(await engine.unsettled())?.id ?? id;
    const undelivered = any(await service.undelivered(talker, 50))?.id ?? id;

    const allocations = await service.allocations(null);
    const free = any(vms.filter((it) => it.organizationId === null && it.address === null))?.id ?? vmId;
    const unmade = any(allocations.filter((it) => it.endedAt === null && it.vmId === null));
    const allocation = any(allocations);
    const allocationId = allocation?.id ?? ids.next("alc");
    const host = any(await service.hosts())?.id;
    const made: Allocation["id"] = unmade?.id ?? allocationId;
    const asking = {
      ...{ id: ids.next("alc"), organizationId: owner, applicationId, imageId: some?.id ?? ids.next("img") },
      ...{ name: `made-${letter}`, memoryMiB: pick([64, 256, 9000]), vcpus: 1, apart: yes ? "db" : null },
      ...{ sshKeys: ["ssh-ed25519 x"], uuid: `made-${counted++}`, askedAt: now },
    };
    const key = random.chance(0.8) ? `ask-${counted++}` : `ask-${random.between(0, counted)}`;
    const network = { bridge: "br0", from: "198.18.0.10", to: "198.18.0.13", prefixLength: 24, gateway: "198.18.0.11" };
    const givenBack = any(allocations.filter((it) => it.vmId !== null && it.endedAt === null))?.vmId ?? vmId;
    const state = pick(stateNames);
    const answerMostMs = pick([8000, 600_000]);
    const noNetwork = random.chance(0.2);
    const revoked = any(ownKeys)?.id ?? freshKey.id;
    const ended = any(allocations.filter((it) => it.state === "freeing")) ?? allocation;

    return {
      agreementOf: (it) => it.engine.agreementOf(vmId),
      changeAgreement: (it) => it.service.changeApplication(applicationId, { agreement }, by, now),
      changeAgreementToo: (it) => it.service.changeApplication(applicationId, { agreement }, by, now),
      limitAnswers: (it) => it.service.changePolicy({ answerMostMs, modesOffered: ["provider", "none"] }, by, now),
      image: (it) => it.engine.image(image.id),
      images: (it) => it.service.images(),
      putImage: (it) => it.service.putImage(image, by, now),
      removeImage: (it) => it.service.removeImage(image.id, by, now),
      setImageOf: (it) => it.service.setImageOf(vmId, yes ? null : image.id, by, now),
      keys: (it) => it.service.keys(organizationId),
      createKey: (it) => it.service.createKey(freshKey, digest, by, now),
      revokeKey: (it) => it.service.revokeKey(revoked, by, now),
      keyByDigest: (it) => it.service.keyByDigest(usedDigest, now),
      endpoint: (it) => it.service.endpoint(owner),
      endpoints: (it) => it.service.endpoints(),
      hasEndpoint: (it) => it.engine.hasEndpoint(owner),
      putEndpoint: (it) => it.service.putEndpoint(endpoint, `whsec_${letter}`, by, now),
      removeEndpoint: (it) => it.service.removeEndpoint(owner, by, now),
      recordDelivery: (it) => it.service.recordDelivery(owner, { ok: yes, gone: !yes && letter === "c", words }, now),
      claimManager: (it) => it.service.claimManager(manager, 6000, now),
      claimManagerToo: (it) => it.service.claimManager(manager, 6000, now),
      releaseManager: (it) => it.service.releaseManager(mine, manager.instance, now),
      managers: (it) => it.service.managers(),
      managerOf: (it) => it.engine.managerOf(mine),
      recordSensors: (it) => it.service.recordSensors(report, now),
      recordSensorsToo: (it) => it.service.recordSensors({ ...report, reportedAt: now + 1 }, now + 1),
      sensorsOf: (it) => it.engine.sensorsOf(applicationId),
      sensorReports: (it) => it.service.sensorReports(),
      say: (it) => it.engine.say(saying, now),
      sayToo: (it) => it.engine.say(saying, now),
      hear: (it) => it.service.hear(heard, now),
      hearOfVm: (it) => it.service.hear(heardOfVm, now),
      hearAgain: (it) => it.service.hear(yes ? again : { ...again, message: ofRepair }, now),
      /** What is said and answered at once gets further than what is drawn one by one. */
      converse: async (it) => {
        const said = [await it.engine.say(proposal, now), await it.service.hear(heard, now)];
        heardBefore = heard;
        return said;
      },
      finish: async (it) => [await it.engine.say(restarted, now), await it.service.hear(heard, now)],
      heardOf: (it) => it.engine.heardOf(repair),
      unsettled: (it) => it.engine.unsettled(),
      settle: (it) => it.engine.settle(waiting, now),
      undelivered: (it) => it.service.undelivered(talker, 3),
      recordReceived: (it) => it.service.recordReceived(talker, undelivered, now),
      conversation: (it) => it.service.conversation(mine, incident?.id ?? null),
      ownConversation: (it) => it.service.conversation(talker, null),
      openIncidentOf: (it) => it.engine.openIncidentOf(vmId),
      applicationIncidents: (it) => it.engine.applicationIncidents(),
      tookMs: (it) => it.engine.tookMs("revive-vm", vmId),
      recordRebuilt: (it) => it.engine.recordRebuilt(vmId, `<domain n='${letter}'/>`, [`/vms/new-${letter}`], now),
      setNetwork: (it) => it.service.changePolicy({ network: noNetwork ? null : network, customerMostVms: 3 }, by, now),
      askAllocation: (it) => it.service.askAllocation(asking, key, by, now),
      askAllocationToo: (it) => it.service.askAllocation(asking, key, by, now),
      allocations: (it) => it.service.allocations(yes ? null : owner),
      openAllocations: (it) => it.engine.openAllocations(),
      allocation: (it) => it.engine.allocation(allocationId),
      recordAllocation: (it) =>
        it.engine.recordAllocation(allocationId, { state, words, ...(host && { hostId: host }) }, now),
      recordAllocated: (it) => it.engine.recordAllocated(made, free, now),
      recordAllocatedToo: (it) => it.engine.recordAllocated(allocationId, allocation?.vmId ?? free, now),
      askFree: (it) => it.service.askFree(yes ? givenBack : vmId, by, now),
      recordFreed: (it) => it.engine.recordFreed(ended?.id ?? allocationId, yes ? (ended?.vmId ?? null) : null, now),
    };
  };
}
