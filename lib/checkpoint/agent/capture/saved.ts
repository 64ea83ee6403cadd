import { readFile } from "node:fs/promises";
import {
  abortDomainJob,
  type Connection,
  type DomainKey,
  type DomainStatus,
  domainJob,
  domainStatus,
  findDomain,
} from "../../../libvirt/index.ts";
import { connectHere } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";

const restoreMs = 10 * 60_000;

export const saveFileOf = (files: WorkFiles, uuid: string) => files.path(uuid, "save");
export const savedMarkOf = (files: WorkFiles, uuid: string) => files.path(uuid, "saved");

/** Changes with every start of the host. */
export const hostRun = async (): Promise<string> => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();

/** undefined: libvirt does not know it here. */
async function statusOf(connection: Connection, domain: DomainKey): Promise<DomainStatus | undefined> {
  if (!(await findDomain(connection, { uuid: domain.uuid }))) return undefined;
  return await domainStatus(connection, domain);
}

const isAlive = (status: DomainStatus | undefined) =>
  status !== undefined && status.state !== "shutoff" && status.state !== "crashed";

/** Whether libvirt runs it, or holds it paused. */
const lives = async (connection: Connection, domain: DomainKey) => isAlive(await statusOf(connection, domain));

/**
 * Whether the guest may still be started from what we saved. Not after the host was away: the VM may run elsewhere since, on the same disks,
 * and what is written of it may be half. Nor where it ran and was ended since: its disks are not those of the saved memory any more. "failed":
 * we tried to start it already; "unknown": libvirtd was started anew.
 */
export function mayStartSaved(savedIn: string, now: string, status: DomainStatus | undefined): boolean {
  if (savedIn !== now || isAlive(status)) return false;
  return status === undefined || ["saved", "failed", "unknown"].includes(status.reason);
}

async function isSaving(connection: Connection, domain: DomainKey): Promise<boolean> {
  if (!(await lives(connection, domain))) return false;
  return (await domainJob(connection, domain)).type !== "none";
}

/** Starts the guest again that we saved and whose state is nowhere else. False: there was none. Twice is once. */
export async function restoreSaved(domain: DomainKey, files: WorkFiles): Promise<boolean> {
  const mark = savedMarkOf(files, domain.uuid);
  const savedIn = await files.read(mark);
  if (savedIn === undefined) return false;
  const connection = await connectHere();
  let restored = false;
  try {
    // A save that was begun goes on without us: called off, or it would end the guest when nobody looks.
    for (let tries = 0; (await isSaving(connection, domain)) && tries < 100; tries++) {
      await abortDomainJob(connection, domain).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (mayStartSaved(savedIn, await hostRun(), await statusOf(connection, domain))) {
      await connection.call("domain_restore", { from: saveFileOf(files, domain.uuid) }, { timeoutMs: restoreMs });
      restored = true;
    }
  } finally {
    await connection.close();
  }
  await files.remove(mark);
  return restored;
}
