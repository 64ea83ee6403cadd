import { HypervisorRefused } from "../../engine/ports.ts";
import type { HostId, Image } from "../../model/index.ts";
import type { HostShell } from "../shell.ts";
import { runScript } from "./on-host.ts";
import { imageInfo, readable } from "./scripts.ts";

/** What `qemu-img info` says the format is; undefined where it says nothing of the kind. */
export function formatOf(info: string): string | undefined {
  try {
    const said: unknown = JSON.parse(info);
    return typeof said === "object" && said !== null && "format" in said && typeof said.format === "string"
      ? said.format
      : undefined;
  } catch {
    return undefined;
  }
}

/** The image as this host sees it: its files are there, and the disk is what was said. Throws `HypervisorRefused` in words. */
export async function checkImage(shell: HostShell, host: HostId, image: Image): Promise<void> {
  const { boot } = image;
  const files = boot.kind === "kernel" ? [image.path, boot.kernel, boot.initrd] : [image.path];
  await runScript(shell, host, readable, files);
  const format = formatOf(await runScript(shell, host, imageInfo, [image.path]));
  if (format !== image.format)
    throw new HypervisorRefused(
      `The image ${image.name} is said to be ${image.format}, and on this host it is ${format ?? "unreadable"}.`,
    );
}
