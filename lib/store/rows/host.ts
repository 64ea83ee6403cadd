import { type Host, hostStateNames } from "../../model/index.ts";
import type { Host as HostRow } from "../generated/client.ts";
import { epochMs, idOf, oneOf } from "./narrow.ts";

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
});

/** Hosts and VMs that were removed stay in their tables for history; everything else reads with this. */
export const present = { removedAt: null } as const;
