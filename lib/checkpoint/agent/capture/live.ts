import { AgentFailure, interrupted } from "../failure.ts";
import { asRecord } from "../monitor.ts";
import { removeBitmaps } from "../sweep.ts";
import { addTargets, bitmapOf, finishJobs, planBackups, removeTargets, startBackups } from "./backup.ts";
import { giveBackup, memoryTaker, wordsOf } from "./giving.ts";
import { Hold } from "./hold.ts";
import type { CaptureWay } from "./method.ts";
import {
  bytesPerSecond,
  cancelMigration,
  migrationSays,
  resetCapabilities,
  setCapability,
  setParameters,
} from "./migration.ts";
import { copyStanding } from "./quick-copy.ts";
import { RamSocket } from "./ram-socket.ts";

/** Of a disk's changes, so much is copied while the guest stands; where there is more, all is copied before, and then what was added. */
const standingBytes = 2 * 1024 * 1024;

/** QEMU has begun with what was changed while all of it was copied: from here on it should soon end. */
const firstPasses = 3;
/** Each of them 100 ms. */
const looksEach = 4;

/**
 * How long the copy's end may take, in milliseconds, as QEMU reckons it; where it does not come to its end so, the next, and so on, then no
 * more. Where nothing else is offered it may stand longer: still less than for a stop.
 */
const stands = [20, 50, 100, ...Array.from({ length: 60 }, () => 200)] as const;

/**
 * The memory is copied while the guest runs and changes it, then what it changed, until little is left: for that the guest stands still, and
 * for what was written to its disks meanwhile. All of it is of this END. QEMU knows by itself what changed, and the guest waits for nobody
 * while it runs. One that changes it too fast cannot be captured so. Not to be trusted in emulation: see background.ts.
 */
export const live: CaptureWay = async (context) => {
  const { asked, monitor, files, signal, disks, base } = context;
  const first = planBackups(disks, files, asked.uuid, base);
  const mark = `${asked.checkpoint}-before`;
  const isLittle = first.every(({ since, disk }) => {
    const known = disk.bitmaps.find(({ name }) => name === since);
    return known !== undefined && known.dirtyBytes <= standingBytes;
  });
  /** Onto the same copies, what was written since the first began. */
  const last = isLittle ? first : first.map((backup) => ({ ...backup, since: bitmapOf(mark) }));
  await files.markCapture(asked);
  await addTargets(monitor, first, files);
  if (!isLittle) {
    await startBackups(monitor, first, mark);
    await finishJobs(monitor, first, context);
  }
  const taker = memoryTaker(context);
  const socket = await RamSocket.listen(files.path(asked.uuid, "sock"), files, (chunk) => {
    taker.push(chunk);
    return context.behind();
  });
  const hold = new Hold(monitor, files, asked.uuid, context.abort);
  let unexpect = async () => {};
  let putBack = async () => {};
  const giveUp = async () => {
    await cancelMigration(monitor);
    await socket.discard();
    await socket.close();
    await putBack();
    await unexpect();
  };

  return {
    hold: async () => {
      const { running } = asRecord(await monitor.qmp("query-status"));
      if (running !== true) throw new AgentFailure("not-possible", "The VM does not run.");
      const before = await setParameters(monitor, { "max-bandwidth": bytesPerSecond, "downtime-limit": stands[0] });
      putBack = async () => {
        putBack = async () => {};
        await resetCapabilities(monitor);
        await monitor.qmp("migrate-set-parameters", before);
      };
      await setCapability(monitor, "pause-before-switchover", true);
      unexpect = await hold.expect();
      let looks = 0;
      const atEnd = migrationSays(monitor, "pre-switchover", signal, ({ passes }) => {
        if (passes < firstPasses || ++looks % looksEach !== 0) return;
        const standsMs = stands[looks / looksEach];
        if (standsMs === undefined)
          throw new AgentFailure("not-possible", "The VM changes its memory faster than it can be copied.");
        monitor.qmp("migrate-set-parameters", { "downtime-limit": standsMs }).catch(() => undefined); // it is looked at again
      });
      atEnd.catch(() => undefined);
      await monitor.qmp("migrate", { uri: `unix:${socket.path}` });
      try {
        await atEnd;
      } catch (error) {
        if (!(error instanceof AgentFailure) || signal.aborted || hold.standing) throw error;
        await giveUp();
        if (error.failure === "not-possible") throw error;
        // So it is where a write-protected one failed before: QEMU takes the memory for protected until the next such one is whole.
        throw new AgentFailure("not-possible", "QEMU could not copy its memory while it runs.", error);
      }
      if (!hold.standing) throw new AgentFailure("not-possible", "The VM does not run.");
    },
    go: async () => {
      // Disks must be nobody's when QEMU hands them over at the end: so these copies are made to their end.
      await copyStanding(monitor, last, asked.checkpoint, signal);
      const completed = migrationSays(monitor, "completed", signal);
      completed.catch(() => undefined);
      await monitor.qmp("migrate-continue", { state: "pre-switchover" });
      await completed;
      await hold.letGo();
      if (hold.standing) throw interrupted(signal); // it is gone, or could not be let go: nobody hears it say that it runs
      await hold.over;
      signal.throwIfAborted();
      return { at: hold.at, pauseMs: hold.pauseMs };
    },
    finish: async () => {
      await socket.ended;
      await putBack();
      taker.finish(context.volume);
      await removeTargets(monitor, first);
      await removeBitmaps(monitor, (name) => name === bitmapOf(mark));
      for (const backup of first) await giveBackup(context, backup);
      return wordsOf(context, first);
    },
    release: async () => {
      // Where it has ended there is nothing to do; where the guest stands for it, QEMU lets it go.
      if (hold.standing || signal.aborted) await cancelMigration(monitor).catch(() => undefined);
      await hold.letGo();
      await putBack().catch(() => undefined);
      await socket.close();
    },
  };
};
