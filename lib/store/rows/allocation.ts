import { type Allocation, type AllocationState, allocationStates } from "../../model/index.ts";
import type { Readable } from "../database.ts";
import type { Allocation as AllocationRow, Prisma } from "../generated/client.ts";
import { epochMs, epochMsOrNull, idOf, idOrNull, keyOf } from "./narrow.ts";

export const toAllocation = (row: AllocationRow): Allocation => ({
  id: idOf("alc", row.id),
  organizationId: idOf("org", row.organizationId),
  applicationId: idOf("app", row.applicationId),
  imageId: idOf("img", row.imageId),
  name: row.name,
  memoryMiB: row.memoryMiB,
  vcpus: row.vcpus,
  apart: row.apart,
  sshKeys: row.sshKeys,
  state: keyOf(allocationStates, row.state, "allocation.state"),
  address: row.address,
  uuid: row.uuid,
  hostId: idOrNull("hst", row.hostId),
  takingBack: row.takingBack,
  vmId: idOrNull("vm", row.vmId),
  askedAt: epochMs(row.askedAt),
  endedAt: epochMsOrNull(row.endedAt),
  words: row.words,
});

/** Oldest first. */
export const readAllocations = async (db: Readable, where: Prisma.AllocationWhereInput): Promise<Allocation[]> =>
  (await db.allocation.findMany({ where, orderBy: [{ askedAt: "asc" }, { id: "asc" }] })).map(toAllocation);

/** For whom the engine has something to do. */
export const unsettledStates: readonly AllocationState[] = ["asked", "making", "freeing"];
