import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { blockOfVolume, mainBlock, saveImageHead, writeStream } from "../../stream/index.ts";
import type { PageBatch } from "../../words.ts";
import { pagesOf } from "./page-file.ts";
import type { StagingContent } from "./record.ts";

const chunkBytes = 1024 * 1024;

async function* memoryOf(content: StagingContent, lazy: boolean): AsyncGenerator<PageBatch, void> {
  for (const { volume, kind, path } of content.files)
    if (kind === "memory" && !(lazy && blockOfVolume(volume) === mainBlock)) yield* pagesOf(path, volume);
}

async function* devicesOf(content: StagingContent): AsyncGenerator<Uint8Array, void> {
  const file = content.files.find(({ kind }) => kind === "devices");
  if (file === undefined) return;
  for await (const chunk of createReadStream(file.path, { highWaterMark: chunkBytes })) {
    const bytes: unknown = chunk;
    if (bytes instanceof Uint8Array) yield bytes;
  }
}

/** libvirt's save image of what is staged: with the main memory in it, or without where it is mapped. */
export async function writeSaveFile(file: string, xml: string, content: StagingContent, lazy: boolean): Promise<void> {
  const blocks = content.files.flatMap(({ volume, kind, sizeBytes }) => {
    const name = kind === "memory" ? blockOfVolume(volume) : undefined;
    return name === undefined ? [] : [{ name, sizeBytes }];
  });
  const handle = await open(file, "w", 0o600);
  try {
    await handle.writeFile(saveImageHead({ xml, cookie: content.cookie, wasRunning: true }));
    const head = Buffer.from(content.streamHead ?? "", "base64");
    const pages = memoryOf(content, lazy);
    for await (const bytes of writeStream({ head, blocks, pages, tail: () => devicesOf(content), lazy }))
      await handle.writeFile(bytes);
  } finally {
    await handle.close();
  }
}
