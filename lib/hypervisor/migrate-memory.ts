import path from "node:path";
import { HypervisorRefused } from "../engine/ports.ts";
import type { HostLink } from "./host-link.ts";

/**
 * A guest that was restored from a checkpoint has its memory in an image on its host (lib/checkpoint/agent/restore), and its running definition
 * names that file. It moves with it: QEMU at the destination makes the file anew, where the directory is there and the tmpfs has room.
 */
export interface MappedMemory {
  readonly file: string;
  readonly sizeBytes: number;
}

const limits = { timeoutMs: 10_000 };
const directory = "/dev/shm/belay";
const spareBytes = 64 * 1024 * 1024;
const noRoom = 3;

/** Of the running definition; undefined where its memory is QEMU's own, or lies in a file that is not one of ours. */
export function mappedMemoryOf(xml: string, uuid: string): MappedMemory | undefined {
  const found = /'memory-backend-file,[^']*?size=(\d+),mem-path=([^,']+)[^']*'/.exec(xml.replaceAll('"', "'"));
  const [, sizeBytes, file] = found ?? [];
  if (file === undefined || path.posix.dirname(file) !== directory) return undefined;
  const name = path.posix.basename(file);
  return name.startsWith(`${uuid}-`) && name.endsWith(".ram") ? { file, sizeBytes: Number(sizeBytes) } : undefined;
}

/**
 * The directory is QEMU's, as the agent makes it; an image that an earlier run has left there must not shine through. What guests there have not
 * written to yet is theirs, though it is still free: a tmpfs that is full when they do ends one of them.
 */
export const makeReady = `
mkdir -p -m 700 "$1" || exit
chown --reference=/var/lib/libvirt/qemu "$1" 2>/dev/null
rm -f -- "$2" || exit
free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
size=$(du -sk --apparent-size "$1" 2>/dev/null | cut -f 1)
used=$(du -sk "$1" 2>/dev/null | cut -f 1)
promised=$((\${size:-0} - \${used:-0}))
[ "$promised" -gt 0 ] || promised=0
[ $((\${free:-0} - promised)) -gt "$3" ] || exit ${noRoom}`;

/** Before it moves. Refuses, with the cure, where the destination cannot hold its image. Twice is once. */
export async function makeReadyFor({ file, sizeBytes }: MappedMemory, to: HostLink): Promise<void> {
  const neededKiB = String(Math.ceil((sizeBytes + spareBytes) / 1024));
  const { code, stderr } = await to.ssh.exec(["sh", "-c", makeReady, "sh", directory, file, neededKiB], limits);
  if (code === 0) return;
  const why =
    code === noRoom
      ? `that host has no room for it in ${path.posix.dirname(directory)}`
      : `that host could not be made ready for it (${stderr.trim().split("\n").at(-1) ?? ""})`;
  throw new HypervisorRefused(
    `Its memory lies in an image since it was restored from a checkpoint, and ${why}. Restart the VM, and it can be moved.`,
  );
}

/** It is nobody's memory there, or not any more. What stays is taken away by the next agent. */
export async function removeImage({ file }: MappedMemory, on: HostLink): Promise<void> {
  await on.ssh.exec(["rm", "-f", "--", file], limits).catch(() => undefined);
}
