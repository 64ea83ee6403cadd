import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { type Allocation, allocationRoom, allocationStates, BelayError } from "../../model/index.ts";
import { emitAllocation } from "../engine/allocations.ts";
import type { Parts } from "../parts.ts";
import { readAllocations, toAllocation } from "../rows/allocation.ts";
import { present } from "../rows/host.ts";
import { idOf, instant } from "../rows/narrow.ts";
import { toPolicy } from "../rows/provider.ts";
import { toVm } from "../rows/vm.ts";
import type { Write } from "../write/writer.ts";
import { audit } from "./audit.ts";

type Allocations = Pick<CollaborationServiceStore, "allocations" | "askAllocation" | "askFree">;
type Asked = Parameters<CollaborationServiceStore["askAllocation"]>[0];

/** How many that ended are listed. */
const endedOnes = 200;

/** What was asked for, as it has to be the same under the same key. */
const specOf = ({ organizationId, applicationId, imageId, name, memoryMiB, vcpus, apart, sshKeys }: Asked) => ({
  ...{ organizationId, applicationId, imageId, name, memoryMiB, vcpus, apart, sshKeys: [...sshKeys] },
});

const withAddress = z.object({ address: z.string() });

/** Addresses that something has, or is asked at. */
async function takenAddresses({ db }: Write): Promise<Set<string>> {
  const given = await db.allocation.findMany({ where: { endedAt: null }, select: { address: true } });
  const vms = await db.vm.findMany({ where: present, select: { address: true, answerCheck: true } });
  return new Set([
    ...given.map((it) => it.address),
    ...vms.flatMap(({ address, answerCheck }) =>
      [address ?? [], withAddress.safeParse(answerCheck).data?.address ?? []].flat(),
    ),
  ]);
}

async function checkParts({ db }: Write, { organizationId, applicationId, imageId }: Asked) {
  const application = await db.application.findFirst({
    where: { id: applicationId, organizationId },
    include: { organization: true },
  });
  if (application === null)
    throw new BelayError("not-found", `There is no application ${applicationId}.`, { field: "applicationId" });
  if ((await db.image.findUnique({ where: { id: imageId } })) === null)
    throw new BelayError("not-found", `There is no image ${imageId}.`, { field: "imageId" });
  return application;
}

async function roomFor(tx: Write, asked: Asked): Promise<string> {
  const { organizationId } = asked;
  const policy = toPolicy(await tx.db.policy.findUnique({ where: { id: 1 } }));
  const vms = await tx.db.vm.findMany({ where: present, select: { name: true } });
  const asks = await tx.db.allocation.findMany({ where: { endedAt: null }, select: { name: true } });
  const room = allocationRoom(asked, policy, {
    own: await readAllocations(tx.db, { organizationId, endedAt: null }),
    names: new Set([...vms, ...asks].map((it) => it.name)),
    taken: await takenAddresses(tx),
  });
  if ("address" in room) return room.address;
  throw new BelayError("conflict", room.refusal, { field: room.field, cure: room.cure });
}

/** VMs that customers ask for, and give back. */
export const serviceAllocations = ({ database, write, ids }: Parts): Allocations => ({
  /** All that have not ended and the newest that did; oldest first. */
  async allocations(organizationId) {
    const whose = organizationId === null ? {} : { organizationId };
    const open = await readAllocations(database, { ...whose, endedAt: null });
    const ended = await database.allocation.findMany({
      where: { ...whose, endedAt: { not: null } },
      orderBy: [{ askedAt: "desc" }, { id: "desc" }],
      take: endedOnes,
    });
    return [...ended.reverse().map(toAllocation), ...open];
  },

  askAllocation: (asked, key, by, at) =>
    write(async (tx) => {
      const { id, organizationId, uuid, askedAt } = asked;
      const spec = specOf(asked);
      const known = await tx.db.allocation.findUnique({ where: { organizationId_key: { organizationId, key } } });
      if (known !== null) {
        const before: Allocation = toAllocation(known);
        if (isDeepStrictEqual(specOf(before), spec)) return before;
        throw new BelayError("conflict", "This key was used for another request.", {
          field: "Idempotency-Key",
          cure: "Take a new key for a new request.",
        });
      }
      const application = await checkParts(tx, asked);
      const address = await roomFor(tx, asked);
      const { words } = allocationStates.asked;
      const place = { id, uuid, address, key, state: "asked", words };
      await tx.db.allocation.create({ data: { ...spec, ...place, askedAt: instant(askedAt) } });
      const { sshKeys, ...rest } = spec;
      const details = { ...rest, address, sshKeys: sshKeys.length };
      await audit(tx, ids, by, at, { action: "allocation.ask", subject: id, details });
      tx.wake("intents");
      return emitAllocation(tx, id, at, `asked for by ${by.name} for ${application.organization.name}.`);
    }),

  /** The VM is not wanted from now on, so that nothing brings it back. One that is being repaired is not taken away under the repair. */
  askFree: (vmId, by, at) =>
    write(async (tx) => {
      const row = await tx.db.allocation.findUnique({ where: { vmId } });
      const vm = await tx.db.vm.findUnique({ where: { id: vmId }, include: { host: true } });
      if (vm === null) throw new BelayError("not-found", `There is no VM ${vmId}.`);
      if (row === null)
        throw new BelayError("not-allowed", `VM ${vm.name} was not made by Belay, so Belay does not take it away.`);
      if (row.endedAt !== null || row.state === "freeing") return toAllocation(row);
      if ((await tx.db.repair.count({ where: { vmId, finishedAt: null } })) > 0)
        throw new BelayError("conflict", `VM ${vm.name} is being repaired.`, {
          field: "id",
          cure: "Decline the repair, or wait until it has ended.",
        });
      const id = idOf("alc", row.id);
      const { words } = allocationStates.freeing;
      await tx.db.allocation.update({ where: { id }, data: { state: "freeing", words } });
      await audit(tx, ids, by, at, { action: "allocation.free", subject: id, details: { vmId, name: vm.name } });
      if (vm.wanted !== "stopped" && vm.removedAt === null) {
        const unwanted = toVm(await tx.db.vm.update({ where: { id: vmId }, data: { wanted: "stopped" } }));
        tx.emit(at, `VM ${vm.name} on host ${vm.host.name} is given back by ${by.name}.`, {
          kind: "vm.changed",
          vm: unwanted,
        });
      }
      tx.wake("intents");
      return emitAllocation(tx, id, at);
    }),
});
