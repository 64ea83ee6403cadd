import {
  type Allocation,
  type CustomerMessage,
  defaultAgreement,
  type OrganizationId,
  type ProviderMessage,
  type RepairId,
  type Vm,
} from "../../model/index.ts";
import { failedVm, type StoreBench } from "./fixtures.ts";

/** A customer with an application in mode `collaborative`. */
export async function customerOf(bench: StoreBench, name: string) {
  const { service, ids, admin } = bench;
  const organization = await service.createOrganization({ id: ids.next("org"), name, role: "customer" }, admin, 100);
  const application = await service.createApplication(
    {
      ...{ id: ids.next("app"), organizationId: organization.id, name: `${name}'s shop`, mode: "collaborative" },
      ...{ checkpointEveryMs: null, agreement: defaultAgreement },
    },
    admin,
    200,
  );
  return { organization, application, organizationId: organization.id, applicationId: application.id };
}

/** A customer's VM that failed, with its repair. */
export async function failedOfCustomer(bench: StoreBench, name: string) {
  const customer = await customerOf(bench, name);
  const { vm, incidentId, repairId } = await failedVm(bench, `vm-of-${name}`);
  const { applicationId } = customer;
  const owned = await bench.service.changeVm(vm.id, { applicationId }, bench.admin, 3050);
  await bench.engine.beginRepair(repairId, 3100);
  return { ...customer, vm: owned, incidentId, repairId };
}

export type Failed = Awaited<ReturnType<typeof failedOfCustomer>>;
let said = 0;

export const sayTo = (bench: StoreBench, to: Failed, message: ProviderMessage, at: number, key = `key-${said++}`) => {
  const { organizationId, incidentId, repairId } = to;
  return bench.engine.say({ key, organizationId, incidentId, repairId, message }, at);
};

export const proposed = (repair: RepairId, vm: Pick<Vm, "id" | "name">, answerBy: number): ProviderMessage => ({
  ...{ kind: "repair.proposed", repair, vm: { id: vm.id, name: vm.name }, answerBy, latest: answerBy + 10_000 },
  fallback: "own-disk",
  techniques: [{ technique: "revive-vm", words: "Start it again.", expectedMs: null, loses: "Nothing." }],
});

export const restarted = (repair: RepairId, vm: Pick<Vm, "id" | "name">, finishBy: number): ProviderMessage => ({
  ...{ kind: "vm.restarted", repair, vm: { id: vm.id, name: vm.name }, address: null, from: "own-disk", image: null },
  ...{ generation: 0, apart: "not-asked", finishBy },
});

export const hearFrom = (
  bench: StoreBench,
  organizationId: OrganizationId,
  message: CustomerMessage,
  at: number,
  more: { readonly epoch?: number | null; readonly id?: ReturnType<typeof bench.ids.next<"msg">> } = {},
) => {
  const { epoch = null, id = bench.ids.next("msg") } = more;
  return bench.service.hear({ id, organizationId, epoch, message, by: "the shop's manager" }, at);
};

const network = { bridge: "br0", from: "198.18.0.10", to: "198.18.0.29", prefixLength: 24, gateway: "198.18.0.1" };

/** What VMs are made from, and a network for them. */
export async function provisioning(bench: StoreBench, name: string) {
  const { service, ids, admin } = bench;
  await service.changePolicy({ network }, admin, 100);
  const image = await service.putImage(
    {
      ...{ id: ids.next("img"), name, sha256: Buffer.from(name).toString("hex").padEnd(64, "0"), sizeBytes: 1 << 20 },
      ...{ path: `/vms/${name}.qcow2`, format: "qcow2", boot: { kind: "disk" }, words: "The system alone." },
    },
    admin,
    100,
  );
  const customer = await customerOf(bench, name);
  const { organizationId, applicationId } = customer;
  const ask = (vmName: string, more: Partial<Allocation> = {}, key = `key of ${vmName}`) =>
    service.askAllocation(
      {
        ...{ id: ids.next("alc"), organizationId, applicationId, imageId: image.id, name: vmName, memoryMiB: 256 },
        ...{
          vcpus: 1,
          apart: null,
          sshKeys: ["ssh-ed25519 AAAA x"],
          uuid: `${name}-${vmName}-${key}`,
          askedAt: 1000,
          ...more,
        },
      },
      key,
      admin,
      1000,
    );
  return { ...customer, image, ask };
}
