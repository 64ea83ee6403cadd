import { domainJob, domainXml } from "../../../libvirt/index.ts";
import type { RequestOf } from "../../wire/index.ts";
import type { CaptureEnd, CaptureFacts, Volume } from "../../words.ts";
import type { HashPage, Tables } from "../differ/index.ts";
import type { Exchange } from "../exchange.ts";
import { AgentFailure } from "../failure.ts";
import type { Remembered } from "../memory/index.ts";
import { Monitor } from "../monitor.ts";
import { removeBitmaps, sweepVm } from "../sweep.ts";
import type { WorkFiles } from "../work-files.ts";
import { background } from "./background.ts";
import { bitmapOf, mustLeave, planBackups, roomNeeded } from "./backup.ts";
import { diskOnly } from "./disk-only.ts";
import { findDisks, type LiveDisk } from "./disks.ts";
import { Gate } from "./gate.ts";
import { live } from "./live.ts";
import { Differ } from "./memory.ts";
import type { CaptureAsked, CaptureWay } from "./method.ts";
import { isEnded, migrationState } from "./migration.ts";
import type { Copier } from "./shared/copier.ts";
import { Spool } from "./spool.ts";
import { stop } from "./stop.ts";

const ways: Readonly<Record<CaptureAsked["method"], CaptureWay>> = { background, live, stop, "disk-only": diskOnly };

/** Of the host's disk: beside what the copies of disks may still take. A guest whose image finds no room stands. */
const spoolLeavesBytes = 512 * 1024 * 1024;

const tellEveryMs = 5_000;
/** So much is sent only when the guest runs again: sending holds up this process, and takes from the guest's host what the copy needs. */
const heldBackBytes = 32 * 1024 * 1024;

type Note =
  | { readonly kind: "facts"; readonly facts: CaptureFacts; readonly volumes: readonly Volume[] }
  | { readonly kind: "volume"; readonly volume: Volume };

export interface CaptureTools {
  readonly files: WorkFiles;
  readonly tables: Tables;
  readonly hash: HashPage;
  readonly copier: Copier;
  readonly remembered: Remembered;
}

/** When the guest is to be held, and when it may go on: at once for one VM, by the engine's word for a group. */
export interface Pace {
  prepared(): Promise<void>;
  /** Called when it stands. */
  held(): Promise<void>;
}

/** Carries one capture out, and leaves nothing of itself where it fails. Throws `AgentFailure`. */
export async function capture(
  asked: CaptureAsked,
  exchange: Exchange,
  { files, tables, hash, copier }: CaptureTools,
  pace: Pace,
): Promise<void> {
  const domain = { uuid: asked.uuid };
  const begun = performance.now();
  const abort = new AbortController();
  const onAbort = () => abort.abort(exchange.signal.reason);
  exchange.signal.addEventListener("abort", onAbort, { once: true });
  if (exchange.signal.aborted) onAbort();
  const { signal } = abort;

  let copiesBytes = 0;
  const spool = new Spool<Note>(files.path(asked.uuid, "spool"), (bytes) =>
    mustLeave(files, asked.uuid, bytes + spoolLeavesBytes + copiesBytes, "what the engine has not taken yet"),
  );
  const gate = new Gate();
  const pumped = pump(spool, gate, exchange, signal);
  pumped.catch((error: unknown) => abort.abort(error));
  let monitor: Monitor | undefined;
  let whole = false;
  try {
    monitor = await Monitor.open(domain, signal);
    // Before there is a mark that says so, what goes on is not ours: it must be neither slowed, nor cancelled by our sweep.
    if (!isEnded(await migrationState(monitor)) || (await domainJob(monitor.connection, domain)).type !== "none")
      throw new AgentFailure("interrupted", "The VM is being moved or saved by somebody else.");
    const xml = await domainXml(monitor.connection, domain, { secure: true });
    const found = findDisks(xml, await monitor.qmp("query-block"));
    if (!found.ok) throw new AgentFailure("not-possible", found.words);
    const base = baseOf(asked.base, found.disks, tables.of(asked.uuid, asked.base) !== undefined);
    const differ = new Differ(hash, base, tables.of(asked.uuid, base), (batch) => {
      spool.batch(batch);
      if (spool.waitingBytes > heldBackBytes) gate.let(true);
    });
    // Half of what their start asks for: as much as they can take.
    copiesBytes = roomNeeded(planBackups(found.disks, files, asked.uuid, base)) / 2;
    // A bitmap that is not the base's belongs to a capture that failed, or to one that has been followed.
    await removeBitmaps(monitor, (name) => base === null || name !== bitmapOf(base));
    const portable = await domainXml(monitor.connection, domain, { secure: true, migratable: true });
    const capturing = await ways[asked.method]({
      ...{ asked, base, monitor, files, disks: found.disks, differ, copier, signal },
      abort: (reason) => abort.abort(reason),
      begin: (known, volumes) => {
        const facts = { ...factsOf(asked, base, portable, found.disks), ...known };
        spool.note({ kind: "facts", facts, volumes: [...volumes, ...found.disks.map(volumeOf)] });
      },
      volume: (volume) => spool.note({ kind: "volume", volume }),
      progress: teller(exchange),
      behind: () => spool.behind,
    });
    try {
      await pace.prepared();
      gate.let(false);
      await capturing.hold();
      gate.let(false);
      await pace.held();
      const { at, pauseMs } = await capturing.go();
      gate.let(true);
      await exchange.send({ kind: "running", pauseMs });
      const words = await capturing.finish();
      spool.end();
      await pumped;
      whole = true;
      tables.keep(asked.uuid, base, asked.checkpoint, differ.tables());
      capturing.keep?.();
      await files.remove(files.capturing(asked.uuid));
      const told: CaptureEnd = {
        at,
        pauseMs,
        words,
        tookMs: performance.now() - begun,
        changedBytes: differ.changedBytes,
      };
      await exchange.send({ kind: "end", end: told });
    } finally {
      await capturing.release();
    }
  } catch (error) {
    throw signal.aborted && signal.reason instanceof AgentFailure ? signal.reason : error;
  } finally {
    gate.let(true);
    exchange.signal.removeEventListener("abort", onAbort);
    await spool.close();
    await monitor?.close();
    try {
      if (!whole) await sweepVm(domain, files);
    } finally {
      files.promise(asked.uuid, 0);
    }
  }
}

/** Not more often than it is of use. */
function teller(exchange: Exchange): (bytesDone: number, bytesTotal: number) => void {
  let told = Number.NEGATIVE_INFINITY;
  return (bytesDone, bytesTotal) => {
    if (performance.now() < told + tellEveryMs) return;
    told = performance.now();
    exchange.send({ kind: "progress", phase: "disks", bytesDone, bytesTotal }).catch(() => undefined); // the engine is gone: that is heard elsewhere
  };
}

async function pump(spool: Spool<Note>, gate: Gate, exchange: Exchange, signal: AbortSignal): Promise<void> {
  for await (const item of spool.items(signal)) {
    await gate.open;
    if (item.kind === "batch") await exchange.sendPages(item.batch);
    else if (item.note.kind === "facts")
      await exchange.send({ kind: "facts", facts: item.note.facts, volumes: item.note.volumes });
    else await exchange.send({ kind: "volume", volume: item.note.volume });
  }
}

/** Each disk must be known by its bitmap or its table; memory can always be sent whole. */
function baseOf(base: string | null, disks: readonly LiveDisk[], haveTables: boolean): string | null {
  if (base === null) return null;
  const known = (disk: LiveDisk) =>
    haveTables || disk.bitmaps.some(({ name, usable }) => usable && name === bitmapOf(base));
  return disks.every(known) ? base : null;
}

const volumeOf = ({ volume, sizeBytes }: LiveDisk): Volume => ({ name: volume, kind: "disk", sizeBytes });

function factsOf(
  asked: CaptureAsked,
  base: string | null,
  domainXml: string,
  disks: readonly LiveDisk[],
): Omit<CaptureFacts, "streamHead" | "cookie"> {
  const { checkpoint, vm, uuid, organization, method } = asked;
  return {
    ...{ checkpoint, vm, vmUuid: uuid, organization, base, method, domainXml },
    disks: disks.map(({ volume, target, path, format }) => ({ volume, target, path, format })),
  };
}

export const readAsked = ({ kind: _, ...asked }: RequestOf<"capture"> | RequestOf<"prepare">): CaptureAsked => asked;
