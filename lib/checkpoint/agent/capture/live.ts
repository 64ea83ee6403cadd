import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { AgentFailure } from "../failure.ts";
import { removeBitmaps } from "../sweep.ts";
import { giveBackup } from "./background.ts";
import {
  addTargets,
  bitmapOf,
  type DiskBackup,
  finishJobs,
  mustLeave,
  planBackups,
  removeTargets,
  startBackups,
} from "./backup.ts";
import { Hold } from "./hold.ts";
import type { CaptureWay } from "./method.ts";
import { bytesPerSecond, cancelMigration, migrationReaches, resetCapabilities, setCapability } from "./migration.ts";
import { RamSocket } from "./ram-socket.ts";
import { RecordedStream } from "./recorded.ts";

/** A guest that changes its memory faster than it is written never comes to the end. */
const convergeMs = 120_000;
const downtimeMs = 200;
/** The copy of the memory may become many times its size. So much stays free of the host's disk, looked at after so much. */
const leavesBytes = 1024 * 1024 * 1024;
const lookEvery = 128 * 1024 * 1024;

/**
 * The memory is written while the guest runs and changes it, and what changed again, until little is left; then the guest stops for that.
 * At this end it stands still, and the last changes of the disks are copied: both are of the END. The disks were copied before, so that
 * little is left of them, too.
 */
export const live: CaptureWay = async (context) => {
  const { asked, monitor, files, signal, disks, base } = context;
  const mark = `${asked.checkpoint}-before`;
  const first = planBackups(disks, files, asked.uuid, base);
  /** Onto the same copies, what was written since the first began. */
  const second: DiskBackup[] = first.map((backup) => ({ ...backup, since: bitmapOf(mark) }));
  await files.markCapture(asked);
  await addTargets(monitor, first, files);
  await startBackups(monitor, first, mark);
  await finishJobs(monitor, first, context);

  const stream = files.path(asked.uuid, "stream");
  const out = createWriteStream(stream, { flags: "wx", mode: 0o600, highWaterMark: 64 * 1024 * 1024 });
  const written = new Promise<void>((resolve, reject) => {
    out.on("error", reject);
    out.on("close", resolve);
  });
  written.catch(context.abort);
  let sinceLook = 0;
  const take = (chunk: Uint8Array): Promise<void> | undefined => {
    sinceLook += chunk.length;
    const wrote = out.write(Uint8Array.from(chunk)) ? undefined : once(out, "drain").then(() => undefined);
    if (sinceLook < lookEvery) return wrote;
    sinceLook = 0;
    wrote?.catch(() => undefined); // its error is told by `written`
    return mustLeave(files, asked.uuid, lookEvery + leavesBytes, "a copy of its memory").then(
      () => wrote,
      context.abort,
    );
  };
  const socket = await RamSocket.listen(files.path(asked.uuid, "sock"), files, take);
  const hold = new Hold(monitor, files, asked.uuid, context.abort);

  return {
    hold: async () => {
      await monitor.qmp("migrate-set-parameters", { "max-bandwidth": bytesPerSecond, "downtime-limit": downtimeMs });
      await setCapability(monitor, "pause-before-switchover", true);
      await hold.expect();
      await monitor.qmp("migrate", { uri: `unix:${socket.path}` });
      await migrationReaches(monitor, "pre-switchover", signal, convergeMs).catch((error: unknown) => {
        if (error instanceof AgentFailure || signal.aborted) throw error;
        throw new AgentFailure("not-possible", "The VM changes its memory faster than it can be written.", error);
      });
    },
    go: async () => {
      // Disks must be nobody's when QEMU hands them over at the end: so these copies are made to their end, too.
      await startBackups(monitor, second, asked.checkpoint);
      await finishJobs(monitor, second, context);
      await monitor.qmp("migrate-continue", { state: "pre-switchover" });
      await migrationReaches(monitor, "completed", signal);
      await hold.letGo();
      await hold.over;
      signal.throwIfAborted();
      return { at: hold.at, pauseMs: hold.pauseMs };
    },
    finish: async () => {
      await socket.ended;
      out.end();
      await written;
      await resetCapabilities(monitor);
      await removeTargets(monitor, first);
      await removeBitmaps(monitor, (name) => name === bitmapOf(mark));
      const recorded = await RecordedStream.open(stream, false, signal);
      try {
        context.begin({ streamHead: Buffer.from(recorded.head).toString("base64"), cookie: null }, recorded.volumes);
        await recorded.give(context);
      } finally {
        await recorded.close();
      }
      await files.remove(stream);
      for (const backup of first) await giveBackup(context, backup);
      return "Memory and disks as they were at the end of the copy.";
    },
    release: async () => {
      if (hold.standing) await cancelMigration(monitor).catch(() => undefined);
      await hold.letGo();
      out.destroy();
      await socket.close();
    },
  };
};
