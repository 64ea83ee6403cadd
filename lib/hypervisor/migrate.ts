import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type HostAddress, HypervisorRefused, type MigrationProgress } from "../engine/ports.ts";
import {
  abortDomainJob,
  type Connection,
  connect,
  type DomainJob,
  domainJob,
  domainXml,
  findDomain,
  isLibvirtError,
  numberParam,
  sshDialer,
  writeMetadata,
} from "../libvirt/index.ts";
import { metadataElement, metadataPrefix, metadataUri, writablePathsOf } from "./definition.ts";
import type { HostLink } from "./host-link.ts";
import { makeReadyFor, mappedMemoryOf, removeImage } from "./migrate-memory.ts";
import { sshTarget } from "./target.ts";

/** virDomainMigrateFlags: live, peer to peer, defined there, undefined here, and given up when a disk fails meanwhile. */
const flags = 1 | 2 | 8 | 16 | 4096;
const unsafeFlag = 512;
const lookEveryMs = 500;
const migrationTimeoutMs = 12 * 60 * 60_000;
const keepalive = { intervalMs: 2_000, count: 5 };

export interface Migration {
  readonly from: HostLink;
  readonly to: HostLink;
  readonly target: HostAddress;
  readonly uuid: string;
  readonly generation: number;
  readonly onProgress: (progress: MigrationProgress) => void;
  readonly signal: AbortSignal;
}

/** Where the source's own libvirtd finds the destination: as Belay does, by SSH, with the source's own key. */
export function destinationUri(target: Pick<HostAddress, "uri">): string {
  const { host, port, username } = sshTarget(target.uri);
  const address = host.includes(":") ? `[${host}]` : host;
  return `qemu+ssh://${encodeURIComponent(username)}@${address}${port === 22 ? "" : `:${port}`}/system`;
}

/** libvirt's numbers of a migration in words. */
export function progressOf({ params }: Pick<DomainJob, "params">): MigrationProgress {
  const number = (name: string) => numberParam(params, name) ?? 0;
  const bytesTotal = number("data_total");
  const remaining = number("data_remaining");
  const round = number("memory_iteration");
  const phase =
    bytesTotal === 0 ? "preparing" : round > 0 ? `copying memory again, round ${round + 1}` : "copying memory";
  return { phase, bytesTotal, bytesDone: Math.max(0, bytesTotal - remaining) };
}

const migrating = ({ type, operation }: DomainJob) => type !== "none" && operation === "migration_out";

/** Tells of the job until `done`; what cannot be read is not told. */
async function watchJob(from: HostLink, uuid: string, onProgress: Migration["onProgress"], done: AbortSignal) {
  while (!done.aborted) {
    await pause(lookEveryMs, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return;
    try {
      const job = await domainJob(from.connection(), { uuid }, { timeoutMs: 2_000 });
      if (migrating(job)) onProgress(progressOf(job));
    } catch {
      // the next look may succeed; whether the migration did is told by its own call
    }
  }
}

/** A connection of its own: a slow call must not keep the host's other questions waiting. */
async function perform(
  { from, target, uuid, onProgress, signal }: Migration,
  connection: Connection,
  unsafe: boolean,
): Promise<void> {
  const done = new AbortController();
  const abortJob = async () => {
    try {
      await abortDomainJob(from.connection(), { uuid });
    } catch {
      // a source that cannot be reached now: how the migration ends is told by its own call
    }
  };
  const watching = watchJob(from, uuid, onProgress, done.signal);
  signal.addEventListener("abort", abortJob, { once: true });
  try {
    if (signal.aborted) void abortJob();
    await connection.call(
      "domain_migrate_perform3_params",
      {
        dom: { uuid, name: "", id: -1 },
        dconnuri: destinationUri(target),
        params: [],
        cookie_in: new Uint8Array(),
        flags: flags | (unsafe ? unsafeFlag : 0),
      },
      { timeoutMs: migrationTimeoutMs },
    );
  } finally {
    signal.removeEventListener("abort", abortJob);
    done.abort();
    await watching;
  }
}

const sharedTimeoutMs = 5_000;
const leaveMark = 'mark=$(mktemp "$1/.belay-shared-XXXXXXXX") && printf "%s" "$mark"';

/** Whether both hosts see the same files: a mark that is made beside each disk here must be there at once. */
async function disksAreShared({ from, to, uuid }: Migration): Promise<boolean> {
  const limits = { timeoutMs: sharedTimeoutMs };
  const directories = new Set(
    writablePathsOf(await domainXml(from.connection(), { uuid })).map((it) => path.dirname(it)),
  );
  for (const directory of directories) {
    const made = await from.ssh.exec(["sh", "-c", leaveMark, "sh", directory], limits);
    if (made.code !== 0) return false;
    const seen = await to.ssh.exec(["test", "-e", made.stdout], limits);
    await from.ssh.exec(["rm", "-f", "--", made.stdout], limits);
    if (seen.code !== 0) return false;
  }
  return true;
}

/** Waits for the migration that a Belay before us began. */
async function waitForJob({ from, uuid, onProgress, signal }: Migration): Promise<void> {
  for (;;) {
    if ((await findDomain(from.connection(), { uuid })) === undefined) return;
    const job = await domainJob(from.connection(), { uuid });
    if (!migrating(job)) return;
    onProgress(progressOf(job));
    if (signal.aborted) await abortDomainJob(from.connection(), { uuid }).catch(() => undefined);
    await pause(lookEveryMs);
  }
}

/**
 * Moves a running domain to another host. Ends when it runs there, with the new generation, and is gone from here; done again after
 * that it only looks. Rejects where it stays, with the signal's reason when that was asked for.
 */
export async function migrate(migration: Migration): Promise<void> {
  const { from, to, uuid, generation, onProgress, signal } = migration;
  const isOn = async (link: HostLink) => (await findDomain(link.connection(), { uuid })) !== undefined;
  if (await isOn(from)) {
    await waitForJob(migration);
    signal.throwIfAborted();
  }
  if (await isOn(from)) {
    onProgress({ phase: "preparing", bytesDone: 0, bytesTotal: 0 });
    const mapped = mappedMemoryOf(await domainXml(from.connection(), { uuid }), uuid);
    // What runs there already may run from that very image: libvirt refuses it, and nothing is taken away.
    const runsThere = ((await findDomain(to.connection(), { uuid }))?.id ?? -1) >= 0;
    if (mapped !== undefined && !runsThere) await makeReadyFor(mapped, to);
    const connection = await connect({ dialer: sshDialer(from.ssh), keepalive });
    try {
      await perform(migration, connection, false).catch(async (error: unknown) => {
        // libvirt knows network file systems by their type. Of any other it says this, and we look for ourselves.
        if (!isLibvirtError(error, "MIGRATE_UNSAFE") || !(await disksAreShared(migration))) throw error;
        await perform(migration, connection, true);
      });
      if (mapped !== undefined && !(await isOn(from))) await removeImage(mapped, from);
    } catch (error) {
      if (mapped !== undefined && !(await isOn(to).catch(() => true))) await removeImage(mapped, to);
      if (signal.aborted && (await isOn(from))) throw signal.reason;
      throw error;
    } finally {
      await connection.close();
    }
  }
  const there = await findDomain(to.connection(), { uuid });
  if (there === undefined || there.id < 0) throw new HypervisorRefused("The VM did not arrive at the other host.");
  if (await isOn(from)) throw new HypervisorRefused("The VM is still known on the host that it left.");
  const key = { type: "element", uri: metadataUri, prefix: metadataPrefix } as const;
  await writeMetadata(to.connection(), { uuid }, key, metadataElement(generation), { live: true, config: true });
}
