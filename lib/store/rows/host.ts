import { z } from "zod";
import {
  type FenceMethod,
  fenceMethods,
  freshHost,
  type HelperReport,
  type Host,
  hostHealthNames,
  hostStandingNames,
  hostStateNames,
  watchdogKinds,
} from "../../model/index.ts";
import type { Host as HostRow, Prisma } from "../generated/client.ts";
import { epochMs, idOf, oneOf } from "./narrow.ts";

const helperReport = z.object({
  version: z.string(),
  connected: z.boolean(),
  leaseMs: z.number(),
  watchdog: z.enum(watchdogKinds),
  watchdogMs: z.number().nullable(),
  reportedAt: z.number(),
  told: z.array(z.array(z.string().transform((id) => idOf("hst", id)))).optional(),
}) satisfies z.ZodType<HelperReport>;

export const toHost = (row: HostRow): Host => ({
  id: idOf("hst", row.id),
  name: row.name,
  uri: row.uri,
  hostKeySha256: row.hostKeySha256,
  state: oneOf(hostStateNames, row.state, "host.state"),
  stateSince: epochMs(row.stateSince),
  stateWords: row.stateWords,
  cpus: row.cpus,
  memoryMiB: row.memoryMiB,
  libvirtVersion: row.libvirtVersion,
  qemuVersion: row.qemuVersion,
  faultInjection: row.faultInjection,
  enrolledAt: epochMs(row.enrolledAt),
  health: oneOf(hostHealthNames, row.health, "host.health"),
  standing: oneOf(hostStandingNames, row.standing, "host.standing"),
  standingWords: row.standingWords,
  rack: row.rack,
  sharedPaths: row.sharedPaths,
  helper: helperReport.nullable().parse(row.helper),
  protection: { ok: row.protectionOk, words: row.protectionWords },
});

/** How every host begins, as columns. */
export const freshHostRow = {
  health: freshHost.health,
  standing: freshHost.standing,
  standingWords: freshHost.standingWords,
  rack: freshHost.rack,
  sharedPaths: [...freshHost.sharedPaths],
  protectionOk: freshHost.protection.ok,
  protectionWords: freshHost.protection.words,
} satisfies Partial<Prisma.HostUncheckedCreateInput>;

const methods = Object.keys(fenceMethods) as [FenceMethod, ...FenceMethod[]];
const fenceProof = z.object({ method: z.enum(methods), at: z.number(), words: z.string() });

/** What the host's `fenced` rests on; undefined in every other standing. */
export const toFenceProof = (row: Pick<HostRow, "standing" | "fenceProof">) =>
  row.standing === "fenced" && row.fenceProof !== null ? fenceProof.parse(row.fenceProof) : undefined;

/** Hosts and VMs that were removed stay in their tables for history; everything else reads with this. */
export const present = { removedAt: null } as const;
