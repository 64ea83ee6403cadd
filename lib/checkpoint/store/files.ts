import { type FileHandle, open, readdir, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { StoreFull } from "../words.ts";

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

export const isAbsent = (error: unknown): boolean => codeOf(error) === "ENOENT";

/** The disk itself does not give the bytes: no other reading of them helps now, perhaps later. */
export const isDiskFault = (error: unknown): boolean => ["EIO", "EUCLEAN", "EBADMSG"].includes(codeOf(error) ?? "");

/** What the system says when there is no room, in the store's own word. Everything else stays as it is. */
export function told(error: unknown): unknown {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT"
    ? new StoreFull("The store's file system has no room left.", { cause: error })
    : error;
}

export async function unlinkIfThere(file: string): Promise<void> {
  await unlink(file).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
}

/** Names in a directory are on disk only after this. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function syncFile(file: string): Promise<void> {
  const handle = await open(file, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; ) {
      const { bytesWritten } = await handle.write(part, at, part.byteLength - at);
      at += bytesWritten;
    }
  }
}

/** A new file, of which nothing stays when it fails. It is not on disk yet. */
export async function writeNew(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await writeAll(handle, parts);
  } catch (error) {
    await unlinkIfThere(file);
    throw told(error);
  } finally {
    await handle.close();
  }
}

const temporary = ".tmp";
let temporaries = 0;

/** The file appears, or is replaced, whole or not at all, and is on disk when this resolves. */
export async function writeWhole(file: string, parts: readonly Uint8Array[]): Promise<void> {
  const fresh = `${file}.${process.pid}.${temporaries++}${temporary}`;
  try {
    await writeNew(fresh, parts);
    await syncFile(fresh);
    await rename(fresh, file);
  } catch (error) {
    await unlinkIfThere(fresh);
    throw told(error);
  }
  await syncDirectory(path.dirname(file));
}

/** The names in a directory, after what writers that were killed left half-written is away. */
export async function namesWithoutTemporaries(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  const left = names.filter((name) => name.endsWith(temporary));
  for (const name of left) await unlinkIfThere(path.join(directory, name));
  return names.filter((name) => !name.endsWith(temporary));
}

/** Bytes of a file from `position`; fewer where it ends before. */
export async function readAt(handle: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  let at = 0;
  while (at < bytes) {
    const { bytesRead } = await handle.read(buffer, at, bytes - at, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return buffer.subarray(0, at);
}
