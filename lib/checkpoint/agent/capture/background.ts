import { ignoreShared } from "../../stream/index.ts";
import { AgentFailure, interrupted } from "../failure.ts";
import type { Monitor } from "../monitor.ts";
import { addTargets, finishBackups, planBackups, startBackups } from "./backup.ts";
import { giveBackup, memoryTaker, wordsOf } from "./giving.ts";
import { Hold } from "./hold.ts";
import type { CaptureWay } from "./method.ts";
import { bytesPerSecond, migrationReaches, migrationState, resetCapabilities, setCapability } from "./migration.ts";
import { RamSocket } from "./ram-socket.ts";
import { type MemoryCopy, readyToCopy } from "./shared/memory-copy.ts";

/** Longer than any dead-man: it only ends a wait for something that will never come. */
const resumeMs = 5_000;

/**
 * The guest stands while its memory is copied out of what QEMU shares with us, where it does so; or QEMU itself writes the memory as it was
 * at one instant while the guest goes on: pages that the guest is about to change are written first. The disks' copies begin at the same
 * instant, while the guest stands still, and are made behind it in that second way.
 *
 * The guest stands when it is told to: so several are taken as of one instant. Where QEMU writes the memory, the guest pays with each page
 * that it writes to: it waits until QEMU has written that page, alone, and has freed it, alone. Copying the memory ahead (live.ts) costs it
 * an eighth of that, and is not used here: QEMU 7.2 that emulates the processor loses writes between two of its looks at what changed.
 * Compared with the memory of the guest as it stood, 3 of 16 such streams had 2 to 8 old pages, all of them slow ones (2026-11-23), and a
 * guest restored from such a copy panicked. With KVM it was never tried.
 */
export const background: CaptureWay = async (context) => {
  const { asked, monitor, files, signal, disks, base } = context;
  const backups = planBackups(disks, files, asked.uuid, base);
  await files.markCapture(asked);
  await addTargets(monitor, backups, files);
  const taker = memoryTaker(context);
  const socket = await RamSocket.listen(files.path(asked.uuid, "sock"), files, (chunk) => {
    taker.push(chunk);
    return context.behind(); // the guest may wait a moment for the disk: better than a host without memory
  });
  const hold = new Hold(monitor, files, asked.uuid, context.abort);
  let copy: MemoryCopy | undefined;
  try {
    copy = await readyToCopy(context);
    await monitor.qmp("migrate-set-parameters", { "max-bandwidth": bytesPerSecond });
    await setCapability(monitor, "background-snapshot", true);
    if (copy) await setCapability(monitor, ignoreShared, true);
  } catch (error) {
    await Promise.all([socket.close(), copy?.close()]);
    throw error;
  }

  return {
    hold: () => hold.begin(),
    go: async () => {
      if (!hold.standing) throw interrupted(signal);
      await Promise.all([startBackups(monitor, backups, asked.checkpoint), copy?.start()]);
      if (!hold.standing) throw interrupted(signal); // let go meanwhile: memory would be of another instant than the disks
      await monitor.qmp("migrate", { uri: `unix:${socket.path}` });
      await goesOn(monitor, hold, signal, () => {
        // A process to start makes the next copy slower: see memory/buffers.ts.
        if (copy?.leavesLittle(taker) !== true) socket.bequeath();
      });
      return { at: hold.at, pauseMs: hold.pauseMs };
    },
    finish: async () => {
      await Promise.all([socket.ended, migrationReaches(monitor, "completed", signal)]);
      await resetCapabilities(monitor);
      await copy?.give(taker);
      taker.finish(context.volume);
      await finishBackups(monitor, backups, context);
      for (const backup of backups) await giveBackup(context, backup);
      return wordsOf(context, backups);
    },
    keep: () => copy?.keep(),
    release: async () => {
      // Never broken off: the guest would hang, and could not be let go.
      await Promise.all([hold.letGo(), socket.discard(), copy?.close()]);
      copy?.stood(hold.pauseMs);
      await socket.close();
    },
  };
};

/** QEMU lets the guest go by itself. It is asked only when that takes long: each question would make it longer. */
async function goesOn(monitor: Monitor, hold: Hold, signal: AbortSignal, then: () => void): Promise<void> {
  void hold.over.then(then);
  let asked = 0;
  const failed = async () => {
    if (!hold.standing) return true;
    if (asked++ === 0) return undefined;
    const { status, error } = await migrationState(monitor);
    if (status === "failed") throw new AgentFailure("interrupted", "The memory could not be read.", error);
    return undefined;
  };
  await monitor.until("the guest", "RESUME", failed, { timeoutMs: resumeMs, signal, everyMs: 150 });
  await hold.over;
  signal.throwIfAborted();
}
