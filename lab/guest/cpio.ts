/**
 * An archive in the "newc" form of cpio, the one the kernel unpacks as its first file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Pure.
 *
 * entry := "070701" 13 × 8 hex digits (ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check)
 *          name NUL, padded to 4 bytes; data, padded to 4 bytes
 */
export type CpioEntry =
  | { kind: "directory"; path: string }
  | { kind: "file"; path: string; data: Uint8Array; executable?: boolean }
  | { kind: "device"; path: string; major: number; minor: number };

const types = { directory: 0o040755, file: 0o100644, device: 0o020600 };

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function encode(path: string, mode: number, data: Uint8Array, inode: number, device = [0, 0]): Buffer {
  const name = Buffer.from(`${path}\0`);
  const [major = 0, minor = 0] = device;
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, major, minor, name.length, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(head), name])), padded(Buffer.from(data))]);
}

/** Directories must come before what lies in them, as the kernel makes none by itself. */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const none = new Uint8Array();
  const parts = entries.map((entry, at) => {
    if (entry.kind === "directory") return encode(entry.path, types.directory, none, at + 1);
    if (entry.kind === "device") return encode(entry.path, types.device, none, at + 1, [entry.major, entry.minor]);
    return encode(entry.path, entry.executable ? types.file | 0o111 : types.file, entry.data, at + 1);
  });
  return Buffer.concat([...parts, encode("TRAILER!!!", 0, none, 0)]);
}
