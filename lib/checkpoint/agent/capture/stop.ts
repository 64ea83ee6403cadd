import { domainInfo } from "../../../libvirt/index.ts";
import { mustLeave, planBackups, roomNeeded } from "./backup.ts";
import type { CaptureWay } from "./method.ts";
import { RecordedStream } from "./recorded.ts";
import { markText, readMark, restoreSaved, savedMarkOf, saveFileOf } from "./saved.ts";
import { copyDisk } from "./still-disk.ts";

const spareBytes = 512 * 1024 * 1024;
const saveMs = 10 * 60_000;

/**
 * The paper's way: libvirt saves the guest to a file and ends it, the disks are read while nobody writes to them, and the guest is started
 * from the file. It stands still for all of it. From before the save until it runs again a mark says that its state is in that file: the
 * sweep starts it from there.
 */
export const stop: CaptureWay = async (context) => {
  const { asked, monitor, files, signal, disks } = context;
  const { uuid } = asked;
  const file = saveFileOf(files, uuid);
  const copied: (() => Promise<void>)[] = [];
  let at = 0;
  let since = 0;
  // Before it is stopped: a save that finds no room takes it from every other guest's images first.
  const { maxMemoryKiB } = await domainInfo(monitor.connection, { uuid });
  const copies = roomNeeded(planBackups(disks, files, uuid, null)) / 2;
  const needed = maxMemoryKiB * 1024 + copies;
  await mustLeave(files, uuid, needed + spareBytes, "its memory and a copy of its disks", needed);
  const mark = markText(await readMark(monitor.connection, { uuid }));
  await files.markCapture(asked);
  return {
    hold: async () => {
      signal.throwIfAborted();
      at = Date.now();
      since = performance.now();
      await files.mark(savedMarkOf(files, uuid), mark);
      await monitor.connection.call(
        "domain_save",
        { dom: { name: "", uuid, id: -1 }, to: file },
        { timeoutMs: saveMs },
      );
    },
    go: async () => {
      for (const disk of disks) copied.push(await copyDisk(context, disk));
      // The mark goes with it: from here on the file is a copy of what runs.
      await restoreSaved({ uuid }, files, true);
      return { at, pauseMs: performance.now() - since };
    },
    finish: async () => {
      const recorded = await RecordedStream.open(file, signal);
      try {
        const streamHead = Buffer.from(recorded.head).toString("base64");
        context.begin({ streamHead, cookie: recorded.cookie }, recorded.volumes);
        await recorded.give(context);
      } finally {
        await recorded.close();
      }
      for (const copy of copied) await copy();
      await files.remove(file);
      return "The VM stood still until all of it was written.";
    },
    release: async () => {
      await restoreSaved({ uuid }, files, true).catch((error: unknown) => {
        process.stderr.write(`a saved VM could not be started again: ${error}\n`);
      });
    },
  };
};
