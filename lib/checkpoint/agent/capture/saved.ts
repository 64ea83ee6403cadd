import { readFile } from "node:fs/promises";
import {
  abortDomainJob,
  type Connection,
  type DomainKey,
  type DomainStatus,
  domainJob,
  domainStatus,
  findDomain,
  listDomains,
} from "../../../libvirt/index.ts";
import { AgentFailure } from "../failure.ts";
import { connectHere } from "../monitor.ts";
import { lookAt } from "../restore/look.ts";
import type { WorkFiles } from "../work-files.ts";

const restoreMs = 10 * 60_000;
const endSaveMs = 10_000;

export const saveFileOf = (files: Pick<WorkFiles, "path">, uuid: string) => files.path(uuid, "save");
export const savedMarkOf = (files: Pick<WorkFiles, "path">, uuid: string) => files.path(uuid, "saved");

/** Changes with every start of the host. */
const hostRun = async (): Promise<string> => (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();

/** The VM as it was when it was saved. */
export interface SavedMark {
  readonly hostRun: string;
  readonly persistent: boolean;
  readonly generation: number;
}

/** To be read while it runs still. */
export async function readMark(connection: Connection, { uuid }: DomainKey): Promise<SavedMark> {
  const listed = (await listDomains(connection)).find(({ domain }) => domain.uuid === uuid);
  const generation = (await lookAt(connection, uuid))?.generation ?? 0;
  return { hostRun: await hostRun(), persistent: listed?.persistent ?? true, generation };
}

export const markText = ({ hostRun, persistent, generation }: SavedMark): string =>
  `${hostRun} ${persistent ? "kept" : "transient"} ${generation}`;
export function markOf(text: string): SavedMark {
  const [hostRun = "", kept, generation] = text.split(" ");
  return { hostRun, persistent: kept !== "transient", generation: Number(generation) || 0 };
}

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
 * we tried to start it already; "unknown": libvirtd was started anew. One that libvirt does not know any more was let go of, and may run
 * elsewhere; a transient VM is forgotten by the save itself, so `ours`, the very capture that saved it, may start that again, and no sweep.
 */
export function mayStartSaved(
  saved: SavedMark,
  now: string,
  here: { readonly status: DomainStatus; readonly generation: number } | undefined,
  ours: boolean,
): boolean {
  if (saved.hostRun !== now) return false;
  if (here === undefined) return ours && !saved.persistent;
  if (isAlive(here.status) || here.generation !== saved.generation) return false; // of another one it was away, and has come back
  return ["saved", "failed", "unknown"].includes(here.status.reason);
}

async function isSaving(connection: Connection, domain: DomainKey): Promise<boolean> {
  if (!(await lives(connection, domain))) return false;
  return (await domainJob(connection, domain)).type !== "none";
}

/** A save that was begun goes on without us: called off, or it would end the guest when nobody looks. Throws where it goes on all the same. */
async function endSave(connection: Connection, domain: DomainKey, withinMs: number): Promise<void> {
  const end = performance.now() + withinMs;
  while (await isSaving(connection, domain)) {
    if (performance.now() > end)
      throw new AgentFailure("interrupted", "The VM is being saved still, and that could not be called off yet.");
    await abortDomainJob(connection, domain).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/**
 * Starts the guest again that we saved and whose state is nowhere else. False: there was none, or it may run elsewhere. Twice is once. Where
 * libvirt saves it still, on a disk that hangs say, this throws, and the mark stays for the next sweep: that save may yet end the guest, and
 * what it writes is then all that there is of its memory.
 */
export async function restoreSaved(
  domain: DomainKey,
  files: Pick<WorkFiles, "path" | "read" | "remove">,
  ours = false,
  { connect = connectHere, withinMs = endSaveMs } = {},
): Promise<boolean> {
  const mark = savedMarkOf(files, domain.uuid);
  const saved = await files.read(mark);
  if (saved === undefined) return false;
  const connection = await connect();
  let restored = false;
  try {
    await endSave(connection, domain, withinMs);
    const status = await statusOf(connection, domain);
    const generation = (await lookAt(connection, domain.uuid))?.generation ?? 0;
    if (mayStartSaved(markOf(saved), await hostRun(), status && { status, generation }, ours)) {
      await connection.call("domain_restore", { from: saveFileOf(files, domain.uuid) }, { timeoutMs: restoreMs });
      restored = true;
    }
  } finally {
    await connection.close();
  }
  await files.remove(mark);
  return restored;
}
