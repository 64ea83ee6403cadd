import { z } from "zod";
import {
  type CloudPolicy,
  causes,
  defaultPolicy,
  type FenceDevice,
  type GuestNetwork,
  type Hook,
  type Maintenance,
  maintenanceStateNames,
  moveStates,
  protectionModeNames,
  type Tolerance,
} from "../../model/index.ts";
import type { Readable } from "../database.ts";
import type { FenceDevice as FenceDeviceRow, Hook as HookRow, Prisma } from "../generated/client.ts";
import { epochMs, epochMsOrNull, idOf, idOrNull, keyOf, oneOf } from "./narrow.ts";

const options = z.record(z.string(), z.string());

export const toFenceDevice = (row: FenceDeviceRow): FenceDevice => ({
  id: idOf("fnc", row.id),
  hostId: idOf("hst", row.hostId),
  position: row.position,
  agent: row.agent,
  options: options.parse(row.options),
  timeoutMs: row.timeoutMs,
  testedAt: epochMsOrNull(row.testedAt),
  ok: row.ok,
  words: row.words,
});

export const toHook = (row: HookRow): Hook => ({
  id: idOf("hok", row.id),
  program: row.program,
  args: row.args,
  cause: keyOf(causes, row.cause, "hook.cause"),
  timeoutMs: row.timeoutMs,
  role: oneOf(["instead", "beside"], row.role, "hook.role"),
  enabled: row.enabled,
});

export const wholeMaintenance = {
  moves: { orderBy: { position: "asc" } },
} satisfies Prisma.MaintenanceInclude;
type MaintenanceRow = Prisma.MaintenanceGetPayload<{ include: typeof wholeMaintenance }>;

export const toMaintenance = (row: MaintenanceRow): Maintenance => ({
  id: idOf("mnt", row.id),
  hostId: idOf("hst", row.hostId),
  state: oneOf(maintenanceStateNames, row.state, "maintenance.state"),
  parallel: row.parallel,
  startedAt: epochMs(row.startedAt),
  endedAt: epochMsOrNull(row.endedAt),
  words: row.words,
  moves: row.moves.map((move) => ({
    vmId: idOf("vm", move.vmId),
    name: move.name,
    toHostId: idOrNull("hst", move.toHostId),
    state: oneOf(moveStates, move.state, "maintenance_move.state"),
    phase: move.phase,
    percent: move.percent,
    bytesDone: Number(move.bytesDone),
    bytesTotal: Number(move.bytesTotal),
    words: move.words,
  })),
});

const guestNetwork = z.object({
  bridge: z.string(),
  from: z.string(),
  to: z.string(),
  prefixLength: z.number(),
  gateway: z.string(),
}) satisfies z.ZodType<GuestNetwork>;

const policySet = z
  .object({
    cpuOvercommit: z.number(),
    memoryOvercommit: z.number(),
    reserveMiB: z.number(),
    stormPercent: z.number(),
    stormWindowMs: z.number(),
    tolerateHosts: z.number(),
    parallelStarts: z.number(),
    leaseMs: z.number(),
    leaseMarginMs: z.number(),
    fenceTestEveryMs: z.number(),
    checkpointLeastMs: z.number(),
    checkpointMostMs: z.number(),
    capturesPerHost: z.number(),
    checkpointsKept: z.number(),
    modesOffered: z.array(z.enum(protectionModeNames)),
    answerMostMs: z.number(),
    finishMostMs: z.number(),
    customerMostVms: z.number(),
    customerMostMiB: z.number(),
    endpointNetworks: z.array(z.string()),
    network: guestNetwork.nullable(),
  } satisfies { readonly [Name in keyof CloudPolicy]: z.ZodType<CloudPolicy[Name]> })
  .partial();

/** In the order in which they are shown and asked. */
export const readFenceDevices = async (db: Readable): Promise<FenceDevice[]> =>
  (await db.fenceDevice.findMany({ orderBy: [{ hostId: "asc" }, { position: "asc" }, { id: "asc" }] })).map(
    toFenceDevice,
  );
export const readHooks = async (db: Readable): Promise<Hook[]> =>
  (await db.hook.findMany({ orderBy: { id: "asc" } })).map(toHook);

/** What was never set is as the model begins with. */
export const toPolicy = (row: { readonly set: unknown } | null): CloudPolicy => ({
  ...defaultPolicy,
  ...(row === null ? {} : policySet.parse(row.set)),
});

const toleranceList = z.array(
  z.object({
    hostId: z.string().transform((text) => idOf("hst", text)),
    misfits: z.array(z.object({ vmId: z.string().transform((text) => idOf("vm", text)), words: z.string() })),
  }),
);

export const toTolerance = (row: { readonly list: unknown } | null): Tolerance[] =>
  row === null ? [] : toleranceList.parse(row.list);
