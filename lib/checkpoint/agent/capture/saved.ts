import {
  abortDomainJob,
  type Connection,
  type DomainKey,
  domainJob,
  domainStatus,
  findDomain,
} from "../../../libvirt/index.ts";
import { connectHere } from "../monitor.ts";
import type { WorkFiles } from "../work-files.ts";

const restoreMs = 10 * 60_000;

export const saveFileOf = (files: WorkFiles, uuid: string) => files.path(uuid, "save");
export const savedMarkOf = (files: WorkFiles, uuid: string) => files.path(uuid, "saved");

/** Whether libvirt runs it, or holds it paused. */
async function lives(connection: Connection, domain: DomainKey): Promise<boolean> {
  if (!(await findDomain(connection, { uuid: domain.uuid }))) return false;
  const { state } = await domainStatus(connection, domain);
  return state !== "shutoff" && state !== "crashed";
}

async function isSaving(connection: Connection, domain: DomainKey): Promise<boolean> {
  if (!(await lives(connection, domain))) return false;
  return (await domainJob(connection, domain)).type !== "none";
}

/** Starts the guest again that we saved and whose state is nowhere else. False: there was none. Twice is once. */
export async function restoreSaved(domain: DomainKey, files: WorkFiles): Promise<boolean> {
  const mark = savedMarkOf(files, domain.uuid);
  if ((await files.read(mark)) === undefined) return false;
  const connection = await connectHere();
  let restored = false;
  try {
    // A save that was begun goes on without us: called off, or it would end the guest when nobody looks.
    for (let tries = 0; (await isSaving(connection, domain)) && tries < 100; tries++) {
      await abortDomainJob(connection, domain).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    if (!(await lives(connection, domain))) {
      await connection.call("domain_restore", { from: saveFileOf(files, domain.uuid) }, { timeoutMs: restoreMs });
      restored = true;
    }
  } finally {
    await connection.close();
  }
  await files.remove(mark);
  return restored;
}
