import { addTargets, finishBackups, planBackups, startBackups } from "./backup.ts";
import { giveBackup } from "./giving.ts";
import type { CaptureWay } from "./method.ts";

/** The disks alone, all of one instant, as a power cut would leave them. The guest does not stand still. */
export const diskOnly: CaptureWay = async (context) => {
  const { asked, monitor, files, disks, base } = context;
  const backups = planBackups(disks, files, asked.uuid, base);
  await files.markCapture(asked);
  await addTargets(monitor, backups, files);
  return {
    hold: async () => undefined,
    go: async () => {
      context.begin({ streamHead: null, cookie: null }, []);
      const at = Date.now();
      await startBackups(monitor, backups, asked.checkpoint);
      return { at, pauseMs: 0 };
    },
    finish: async () => {
      await finishBackups(monitor, backups, context);
      for (const backup of backups) await giveBackup(context, backup);
      return "The disks alone: as a power cut would leave them.";
    },
    release: async () => undefined,
  };
};
