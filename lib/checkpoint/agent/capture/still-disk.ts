import { execFile } from "node:child_process";
import { AgentFailure } from "../failure.ts";
import { planBackups } from "./backup.ts";
import type { LiveDisk } from "./disks.ts";
import { giveBackup } from "./giving.ts";
import type { CaptureContext } from "./method.ts";

const copyMs = 4 * 60 * 60_000;

/** Copies a disk that nobody writes to, with all that is below it. What is returned gives the copy's pages, and takes it away. */
export async function copyDisk(context: CaptureContext, disk: LiveDisk): Promise<() => Promise<void>> {
  const [plan] = planBackups([disk], context.files, context.asked.uuid, null);
  if (!plan) return async () => {};
  await new Promise<void>((resolve, reject) => {
    const args = ["convert", "-f", disk.format, "-O", "qcow2", disk.path, plan.file];
    execFile("qemu-img", args, { signal: context.signal, timeout: copyMs }, (error, _, stderr) => {
      if (!error) resolve();
      else reject(new AgentFailure("interrupted", "A disk could not be copied.", stderr || error));
    });
  });
  return () => giveBackup(context, plan);
}
