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
const spareKiB = 64 * 1024;
const noRoom = 3;
const notOurs = 4;

/** Of the running definition; undefined where its memory is QEMU's own, or lies in a file that is not one of ours. */
export function mappedMemoryOf(xml: string, uuid: string): MappedMemory | undefined {
  const found = /'memory-backend-file,[^']*?size=(\d+),mem-path=([^,']+)[^']*'/.exec(xml.replaceAll('"', "'"));
  const [, sizeBytes, file] = found ?? [];
  if (file === undefined || path.posix.dirname(file) !== directory) return undefined;
  const name = path.posix.basename(file);
  return name.startsWith(`${uuid}-`) && name.endsWith(".ram") ? { file, sizeBytes: Number(sizeBytes) } : undefined;
}

/**
 * The directory is QEMU's, as the agent makes it, and one that another account made first is not used; an image that an earlier run has left there
 * must not shine through. What guests there have not written to yet is theirs, though it is still free: a tmpfs that is full when they do ends one
 * of them. The image is made at its full size before the room is counted: of two that come at once both are counted.
 */
export const makeReady = `
mkdir -p -m 700 "$1" || exit
[ -d "$1" ] && [ ! -L "$1" ] || exit ${notOurs}
like=$(stat -c %u /var/lib/libvirt/qemu 2>/dev/null || id -u)
owner=$(stat -c %u "$1")
[ "$owner" = "$like" ] || [ "$owner" = "$(id -u)" ] || exit ${notOurs}
chown --reference=/var/lib/libvirt/qemu "$1" 2>/dev/null
chmod 700 "$1" || exit
rm -f -- "$2" || exit
( umask 077 && truncate -s "$3" -- "$2" ) || exit
chown --reference=/var/lib/libvirt/qemu "$2" 2>/dev/null
free=$(df -Pk "$1" | awk 'NR == 2 { print $4 }')
size=$(du -sk --apparent-size "$1" 2>/dev/null | cut -f 1)
used=$(du -sk "$1" 2>/dev/null | cut -f 1)
promised=$((\${size:-0} - \${used:-0}))
[ "$promised" -gt 0 ] || promised=0
[ $((\${free:-0} - promised)) -gt ${spareKiB} ] && exit
rm -f -- "$2"
exit ${noRoom}`;

const directoryOf = path.posix.dirname(directory);
const refusals: Readonly<Record<number, string>> = {
  [noRoom]: `that host has no room for it in ${directoryOf}`,
  [notOurs]: `${directory} on that host belongs to another account, and has to be removed there`,
};

/** Before it moves. Refuses, with the cure, where the destination cannot hold its image. Twice is once. */
export async function makeReadyFor({ file, sizeBytes }: MappedMemory, to: HostLink): Promise<void> {
  const { code, stderr } = await to.ssh.exec(["sh", "-c", makeReady, "sh", directory, file, String(sizeBytes)], limits);
  if (code === 0) return;
  const said = stderr.trim().split("\n").at(-1) ?? "";
  const why = refusals[code ?? -1] ?? `that host could not be made ready for it (${said})`;
  throw new HypervisorRefused(
    `Its memory lies in an image since it was restored from a checkpoint, and ${why}. Restart the VM, and it can be moved.`,
  );
}

/** It is nobody's memory there, or not any more. What stays is taken away by the next agent. */
export async function removeImage({ file }: MappedMemory, on: HostLink): Promise<void> {
  await on.ssh.exec(["rm", "-f", "--", file], limits).catch(() => undefined);
}
