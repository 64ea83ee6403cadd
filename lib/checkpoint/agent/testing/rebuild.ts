import { createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { blockOfVolume, saveImageHead, writeStream } from "../../stream/index.ts";
import { type PageBatch, pageBytes } from "../../words.ts";
import type { Pages, Taken } from "./agent-client.ts";

async function* batches(volume: string, pages: Pages): AsyncGenerator<PageBatch> {
  for (const [page, data] of [...pages.map].sort(([a], [b]) => a - b))
    yield { volume, numbers: Uint32Array.of(page), zero: Uint8Array.of(0), data };
}

function bytesOf(pages: Pages, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(Math.ceil(sizeBytes / pageBytes) * pageBytes);
  for (const [page, data] of pages.map) bytes.set(data, page * pageBytes);
  return bytes.subarray(0, sizeBytes);
}

/** A save image that libvirt restores: what was captured, with this XML. */
export async function writeSaveImage(taken: Taken, file: string, xml: string): Promise<void> {
  const { streamHead, cookie } = taken.facts;
  const memory = [...taken.volumes].filter(([, { kind }]) => kind === "memory");
  const devices = taken.volumes.get("devices");
  if (streamHead === null || !devices) throw new Error("it has no memory");
  async function* all() {
    yield saveImageHead({ xml, cookie, wasRunning: true });
    yield* writeStream({
      head: Buffer.from(streamHead ?? "", "base64"),
      blocks: memory.map(([name, { sizeBytes }]) => ({ name: blockOfVolume(name) ?? "", sizeBytes })),
      pages: (async function* () {
        for (const [name, { pages }] of memory) yield* batches(name, pages);
      })(),
      tail: async function* () {
        if (devices) yield bytesOf(devices.pages, devices.sizeBytes);
      },
      lazy: false,
    });
  }
  await pipeline(all, createWriteStream(file));
}

/** A disk as a raw, sparse file. */
export async function writeDisk(taken: Taken, volume: string, file: string): Promise<void> {
  const disk = taken.volumes.get(volume);
  if (!disk) throw new Error(`it has no ${volume}`);
  const handle = await open(file, "w");
  try {
    await handle.truncate(disk.sizeBytes);
    for (const [page, data] of disk.pages.map) await handle.write(data, 0, data.length, page * pageBytes);
  } finally {
    await handle.close();
  }
}

/** The same domain with another file as its disk. */
export function withDisk(xml: string, from: string, to: string): string {
  const disk = /<disk\b[\s\S]*?<\/disk>/g;
  return xml.replace(disk, (found) =>
    found.includes(`'${from}'`)
      ? found
          .replace(`'${from}'`, `'${to}'`)
          .replace(/type='qcow2'/, "type='raw'")
          .replace(/<backingStore[\s\S]*<\/backingStore>/, "")
          .replace(/<backingStore[^>]*\/>/g, "")
      : found,
  );
}
