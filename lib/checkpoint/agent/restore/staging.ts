import { mkdir, open, rm, stat, truncate } from "node:fs/promises";
import path from "node:path";
import { mainBlock, memoryVolume } from "../../stream/index.ts";
import type { PageBatch } from "../../words.ts";
import { type LocalMemory, noLocalMemory } from "./local-memory.ts";
import type { RestoreRequestOf, StagedVolume } from "./messages.ts";
import { PageFile } from "./page-file.ts";
import { giveToQemu, hasRoom, makeRamDirectory, type RamPlace, ramFile } from "./ram.ts";
import type { Records, StagedFile, StagingContent, StagingRecord } from "./record.ts";
import { RedoWriter, readRedo } from "./redo.ts";

type StageRequest = RestoreRequestOf<"stage">;

/** What the staging should be changed from is not there: all of it is to be sent. */
export class NotHeld extends Error {
  override readonly name = "NotHeld";
}

export interface Filling {
  write(batch: PageBatch): Promise<void>;
  /** All of it is safe, and the staging is whole. */
  finish(): Promise<void>;
  /** What was begun is given up. */
  abandon(): Promise<void>;
}

export const mainVolume = memoryVolume(mainBlock);
const inMemory = (file: Pick<StagedFile, "path">, ram: RamPlace) => file.path.startsWith(`${ram.directory}/`);

/** Whether its main memory lies where QEMU may map it. */
export const isMapped = (record: StagingRecord, ram: RamPlace) =>
  record.content.files.some((file) => file.volume === mainVolume && inMemory(file, ram));

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Stagings on one host. Of each key one at a time: whoever calls sees to that. */
export class Stagings {
  readonly records: Records;
  readonly ram: RamPlace;
  /** False once QEMU has refused to map a file of ours: it will the next time. */
  mayMap = true;
  readonly #memory: LocalMemory;
  constructor(records: Records, ram: RamPlace, memory: LocalMemory = noLocalMemory) {
    this.records = records;
    this.ram = ram;
    this.#memory = memory;
  }

  /** What is there whole, with changes that were written down and not yet made. undefined: nothing that can be used. */
  async whole(it: Pick<StagingRecord, "uuid" | "key">): Promise<StagingRecord | undefined> {
    const found = await this.records.read(it);
    if (found === undefined || found.phase !== "whole") return undefined;
    for (const { path: file } of found.content.files)
      if (
        !(await stat(file).then(
          () => true,
          () => false,
        ))
      )
        return undefined; // the host was switched off, and its tmpfs is empty
    return found.redo === null ? found : this.#apply(found, found.redo);
  }

  async begin(request: StageRequest): Promise<Filling> {
    if (request.since === null) return this.#fill(request);
    const record = await this.whole(request);
    const names = (of: readonly { name: string }[]) =>
      of
        .map(({ name }) => name)
        .sort()
        .join();
    if (
      record === undefined ||
      record.content.checkpoint !== request.since ||
      names(record.content.files.map(({ volume }) => ({ name: volume }))) !== names(request.volumes)
    )
      throw new NotHeld(`The host does not hold ${request.since} any more.`);
    return this.#change(record, request);
  }

  /** Its files and its record; nothing where a domain runs from them. */
  async remove(it: Pick<StagingRecord, "uuid" | "key">): Promise<void> {
    const found = await this.records.read(it);
    if (found?.phase === "starting") return;
    for (const file of found?.content.files ?? []) await rm(file.path, { force: true });
    await this.records.remove(it);
  }

  /** From scratch, straight into its files: until the end the record says that nothing of it may be used. */
  async #fill(request: StageRequest): Promise<Filling> {
    const { uuid, key, checkpoint, streamHead, cookie } = request;
    await this.remove({ uuid, key });
    if ((await this.records.read({ uuid, key })) !== undefined)
      throw new NotHeld("A domain is being started from it just now.");
    const files = await this.#placesOf(request);
    const record: StagingRecord = {
      ...{ version: 1, uuid, key, token: tokenOf(request), phase: "filling", redo: null },
      content: { checkpoint, files, streamHead, cookie },
    };
    await this.records.write(record);
    const open = new Map<string, PageFile>();
    const close = () => Promise.allSettled([...open.values()].map((file) => file.close()));
    const abandon = async () => {
      await close();
      await this.remove({ uuid, key });
    };
    try {
      for (const file of files) {
        await mkdir(path.dirname(file.path), { recursive: true });
        await rm(file.path, { force: true });
        open.set(file.volume, await PageFile.open(file.path, file.sizeBytes, this.#how(file, true)));
      }
      const main = request.ownMemory ? files.find(({ volume }) => volume === mainVolume) : undefined;
      if (main && !(await this.#memory.writeTo(main.path, { uuid, checkpoint, sizeBytes: main.sizeBytes })))
        throw new NotHeld("The host does not have the guest's memory any more.");
    } catch (error) {
      await abandon();
      throw error;
    }
    return {
      write: async (batch) => open.get(batch.volume)?.write(batch),
      abandon,
      finish: async () => {
        const lasting = files.filter((file) => !inMemory(file, this.ram));
        await Promise.all(lasting.map((file) => open.get(file.volume)?.sync()));
        await close();
        for (const file of files) if (inMemory(file, this.ram)) await giveToQemu(file.path, this.ram);
        for (const directory of new Set(lasting.map((file) => path.dirname(file.path)))) await syncDirectory(directory);
        await this.records.write({ ...record, phase: "whole" });
      },
    };
  }

  /** A change of what is there: written down first, then made. */
  async #change(record: StagingRecord, request: StageRequest): Promise<Filling> {
    const redo = await RedoWriter.create(this.records.redoOf(record));
    const sizes = new Map(request.volumes.map(({ name, sizeBytes }) => [name, sizeBytes]));
    const files = record.content.files.map((file) => ({
      ...file,
      sizeBytes: sizes.get(file.volume) ?? file.sizeBytes,
    }));
    const { checkpoint, streamHead, cookie } = request;
    return {
      write: (batch) => redo.write(batch),
      abandon: () => redo.close(),
      finish: async () => {
        await redo.finish();
        const noted = { ...record, redo: { checkpoint, files, streamHead, cookie } };
        await this.records.write(noted);
        await this.#apply(noted, noted.redo);
      },
    };
  }

  async #apply(record: StagingRecord, to: StagingContent): Promise<StagingRecord> {
    const open = new Map<string, PageFile>();
    try {
      for (const file of to.files) {
        await truncate(file.path, file.sizeBytes);
        open.set(file.volume, await PageFile.open(file.path, file.sizeBytes, this.#how(file, false)));
      }
      for await (const batch of readRedo(this.records.redoOf(record))) await open.get(batch.volume)?.write(batch);
      const lasting = to.files.filter((file) => !inMemory(file, this.ram));
      await Promise.all(lasting.map((file) => open.get(file.volume)?.sync()));
    } finally {
      await Promise.allSettled([...open.values()].map((file) => file.close()));
    }
    const made: StagingRecord = { ...record, content: to, redo: null };
    await this.records.write(made);
    await rm(this.records.redoOf(record), { force: true });
    return made;
  }

  #how = (file: StagedFile, fresh: boolean) => ({ atOnce: inMemory(file, this.ram), fresh });

  async #placesOf(request: StageRequest): Promise<StagedFile[]> {
    const { uuid, key } = request;
    const main = request.volumes.find(({ name }) => name === mainVolume);
    const roomy = main !== undefined && this.mayMap && (await hasRoom(main.sizeBytes, this.ram));
    const mapped = roomy && (await makeRamDirectory(this.ram));
    const own = (volume: StagedVolume) =>
      path.join(this.records.directoryOf({ uuid, key }), volume.name.replaceAll(/[^A-Za-z0-9._-]/g, "_"));
    return request.volumes.map((volume) => ({
      ...{ volume: volume.name, kind: volume.kind, sizeBytes: volume.sizeBytes },
      path:
        volume.path ?? (mapped && volume.name === mainVolume ? ramFile(uuid, tokenOf(request), this.ram) : own(volume)),
    }));
  }
}

/** The key of a restore's staging is its token; a standby's files need names of their own, for hosts that share a directory. */
const tokenOf = ({ key, token }: Pick<StageRequest, "key" | "token">) => token ?? key;
