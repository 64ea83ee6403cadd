import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rm } from "node:fs/promises";
import path from "node:path";
import type { HandsContext } from "../../servers.ts";

/**
 * Modification requests of a database server as they were recorded, on the manager's side: the events of its log of transactions, as they
 * came, in files that begin anew with each save. A file is as MariaDB's own, so that its own program reads it.
 */
const magic = Buffer.from([0xfe, 0x62, 0x69, 0x6e]);

export interface Recording {
  /** On the disk when it resolves. */
  add(events: readonly Buffer[]): Promise<void>;
  close(): Promise<void>;
}

const dirOf = ({ stateDir }: Pick<HandsContext, "stateDir">, server: string) =>
  path.join(stateDir, "recordings", server);
const nameOf = (number: number) => `${String(number).padStart(8, "0")}.binlog`;

export async function recordingFiles(
  context: Pick<HandsContext, "stateDir">,
  server: string,
): Promise<readonly string[]> {
  const dir = dirOf(context, server);
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^\d{8}\.binlog$/.test(name)).sort();
  return names.map((name) => path.join(dir, name));
}

/** The next file. */
export async function newRecording(
  context: Pick<HandsContext, "stateDir">,
  server: string,
): Promise<Recording & { readonly file: string }> {
  const dir = dirOf(context, server);
  await mkdir(dir, { recursive: true });
  const last = (await recordingFiles(context, server)).at(-1);
  const number = last === undefined ? 1 : Number.parseInt(path.basename(last), 10) + 1;
  const file = path.join(dir, nameOf(number));
  const handle: FileHandle = await open(file, "wx", 0o600);
  await handle.write(magic);
  return {
    file,
    async add(events) {
      if (events.length === 0) return;
      const all = Buffer.concat(events);
      const { bytesWritten } = await handle.write(all);
      if (bytesWritten !== all.length) throw new Error(`${file} cannot be written: the disk is full?`);
      await handle.datasync();
    },
    close: () => handle.close(),
  };
}

/** Files that were closed before a save began hold nothing that the save does not have. */
export async function dropBefore(
  context: Pick<HandsContext, "stateDir">,
  server: string,
  file: string | undefined,
): Promise<void> {
  for (const one of await recordingFiles(context, server))
    if (file === undefined || one < file) await rm(one, { force: true });
}

/** The events of a file, one after the other. A last one that was cut off by a crash was never acknowledged, and is left out. */
export async function* eventsIn(file: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  let first = true;
  for await (const chunk of createReadStream(file)) {
    rest = Buffer.concat([rest, chunk]);
    if (first && rest.length >= magic.length) {
      rest = rest.subarray(magic.length);
      first = false;
    }
    while (!first && rest.length >= 19 && rest.length >= rest.readUInt32LE(9)) {
      const size = rest.readUInt32LE(9);
      if (size < 19) return;
      yield rest.subarray(0, size);
      rest = rest.subarray(size);
    }
  }
}

export const binlogMagic = magic;
