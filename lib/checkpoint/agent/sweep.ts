import { type DomainKey, domainStatus, findDomain, listDomains } from "../../libvirt/index.ts";
import { bitmapOf, ours } from "./capture/backup.ts";
import { awaitMigration, cancelMigration, isEnded, migrationState, resetCapabilities } from "./capture/migration.ts";
import { restoreSaved } from "./capture/saved.ts";
import { asList, asRecord, asText, connectHere, HeldByRestore, Monitor } from "./monitor.ts";
import { isProtected, unstick } from "./unstick.ts";
import type { WorkFiles } from "./work-files.ts";

const jobMs = 30_000;
const hungMs = 1_000;

/**
 * Takes away what a capture left on this VM: its migration and capabilities, jobs, copies, its bitmap, its files; and lets the guest go if
 * it is we who hold it. What nobody of us began is left alone. Twice is once. Answers what was found, in words.
 */
export async function sweepVm(domain: DomainKey, files: WorkFiles): Promise<string[]> {
  const found: string[] = [];
  if (await restoreSaved(domain, files)) found.push("a saved state was started again");
  const mine = (await files.list()).filter((name) => name.startsWith(`${domain.uuid}.`));
  const capture = await files.captureMark(domain.uuid);
  const held = (await files.read(files.held(domain.uuid))) !== undefined;
  const monitor = await openWhereRuns(domain);
  if (monitor) {
    try {
      // First of all the guest. One that stands at the end of a copy goes on only when that is called off.
      if (capture?.method === "live") await cancelMigration(monitor); // of others' methods it is not ours
      if (capture?.method === "background" && (await unstickHung(monitor))) found.push("its memory was freed");
      if (held && (await letGo(monitor))) found.push("the guest was let go");
      if (capture?.method === "background") {
        await awaitMigration(monitor);
        if (await unstick(domain.uuid)) found.push("its memory was freed");
      }
      if (await endJobs(monitor)) found.push("a copy of a disk was ended");
      await removeNodes(monitor);
      if (capture && (await removeBitmaps(monitor, (name) => name.startsWith(bitmapOf(capture.checkpoint)))))
        found.push("a bitmap was removed");
      // What was let go above may have been stopped again by the end of a migration.
      if (held) await letGo(monitor);
      if (capture) await resetCapabilities(monitor); // last: where QEMU refuses, all else is done, and the mark has it tried again
    } finally {
      await monitor.close();
    }
  }
  for (const name of mine) await files.remove(`${files.dir}/${name}`);
  if (mine.length > 0) found.push("files of a capture were removed");
  return found;
}

/** Every VM that a former life of the agent may have left something on. */
export async function sweepAll(files: WorkFiles): Promise<string> {
  const uuids = new Set((await files.list()).map((name) => name.split(".")[0] ?? ""));
  const connection = await connectHere();
  const words: string[] = [];
  try {
    for (const { domain, state } of await listDomains(connection)) {
      // A running VM without files of ours has nothing of ours.
      if (!uuids.delete(domain.uuid) || state === "crashed") continue;
      const found = await sweepVm(domain, files).catch((error: unknown) => [`not all could be taken away: ${error}`]);
      if (found.length > 0) words.push(`${domain.name}: ${found.join(", ")}.`);
    }
    for (const uuid of uuids) {
      if (!/^[0-9a-f-]{36}$/.test(uuid) || (await findDomain(connection, { uuid }))) continue;
      const found = await sweepVm({ uuid }, files).catch((error: unknown) => [`not all could be taken away: ${error}`]);
      if (found.length > 0) words.push(`A VM that is not here: ${found.join(", ")}.`);
    }
  } finally {
    await connection.close();
  }
  return words.join(" ").slice(0, 2000);
}

async function openWhereRuns(domain: DomainKey): Promise<Monitor | undefined> {
  const connection = await connectHere();
  try {
    if (!(await findDomain(connection, { uuid: domain.uuid }))) return undefined;
    const { state } = await domainStatus(connection, domain);
    if (state !== "running" && state !== "paused" && state !== "blocked") return undefined;
  } finally {
    await connection.close();
  }
  return await Monitor.open(domain);
}

/** A guest that hangs at a write-protected page hangs its monitor, too: no answer, or one that says that nobody will ever free it. */
async function unstickHung(monitor: Monitor): Promise<boolean> {
  const { uuid } = monitor.domain;
  if (!(await isProtected(uuid))) return false;
  const ended = await migrationState(monitor, hungMs).then(isEnded, () => true);
  return ended && (await unstick(uuid));
}

/** Where it stands although the mark says that we stopped it. */
async function letGo(monitor: Monitor): Promise<boolean> {
  const { running, status } = asRecord(await monitor.qmp("query-status"));
  if (running === true || !["paused", "postmigrate", "finish-migrate", "prelaunch", "save-vm"].includes(asText(status)))
    return false;
  try {
    await monitor.cont(Number.POSITIVE_INFINITY);
    return true;
  } catch (error) {
    if (error instanceof HeldByRestore) return false;
    throw error;
  }
}

export async function endJobs(monitor: Monitor): Promise<boolean> {
  const left = async () => asList(await monitor.qmp("query-jobs")).filter(({ id }) => asText(id).startsWith(ours));
  const jobs = await left();
  for (const { id, status } of jobs)
    if (status !== "concluded") await monitor.qmp("job-cancel", { id }).catch(() => undefined);
  if (jobs.length > 0)
    await monitor.until(
      "the end of the copies",
      "JOB_STATUS_CHANGE",
      async () => {
        const now = await left();
        for (const { id, status } of now)
          if (status === "concluded") await monitor.qmp("job-dismiss", { id }).catch(() => undefined);
        return now.length === 0 ? true : undefined;
      },
      { timeoutMs: jobMs, everyMs: 50 },
    );
  return jobs.length > 0;
}

export async function removeNodes(monitor: Monitor): Promise<void> {
  const nodes = asList(await monitor.qmp("query-named-block-nodes", { flat: true }));
  for (const node of nodes) {
    const name = asText(node["node-name"]);
    if (name.startsWith(ours)) await monitor.qmp("blockdev-del", { "node-name": name });
  }
}

/** Bitmaps of ours that `unwanted` says, on any node: one that was a disk's top may be below a snapshot by now. True: there was one. */
export async function removeBitmaps(
  monitor: Pick<Monitor, "qmp">,
  unwanted: (name: string) => boolean,
): Promise<boolean> {
  let removed = false;
  for (const node of asList(await monitor.qmp("query-named-block-nodes", { flat: true })))
    for (const bitmap of asList(node["dirty-bitmaps"])) {
      const name = asText(bitmap.name);
      if (!name.startsWith(ours) || !unwanted(name)) continue;
      await monitor.qmp("block-dirty-bitmap-remove", { node: node["node-name"], name });
      removed = true;
    }
  return removed;
}
