import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type Connection, isRpcError, LibvirtError } from "../../../libvirt/index.ts";
import type { Envelope } from "../../wire/index.ts";
import { deferred } from "../deferred.ts";
import type { Exchange, Handlers, LastAnswer } from "../exchange.ts";
import { AgentFailure, interrupted } from "../failure.ts";
import { type LocalMemory, noLocalMemory } from "./local-memory.ts";
import { keptDefinition, Refused } from "./look.ts";
import { type RestoreRequestOf, readRestoreMessage, type StagedResult, standbyKey } from "./messages.ts";
import { type RamPlace, sweepRam, systemRam } from "./ram.ts";
import { Records, type StagingRecord } from "./record.ts";
import { type Filling, isMapped, NotHeld, Stagings } from "./staging.ts";
import { keptImages, startStaged } from "./start.ts";

export { localMemory } from "./local-memory.ts";

export interface RestoreOptions {
  /** Of the host's libvirtd; asked for when it is needed. */
  readonly connection: () => Promise<Connection>;
  /** Where stagings are written down: on a disk that the host keeps. */
  readonly directory: string;
  readonly ram?: RamPlace;
  readonly memory?: LocalMemory;
}

/** As the wire knows failures; what is neither is a bug, and counts as "interrupted". */
function asFailure(error: unknown): unknown {
  if (error instanceof NotHeld) return new AgentFailure("interrupted", error.message);
  if (error instanceof Refused) return new AgentFailure("not-possible", error.message);
  if (error instanceof LibvirtError) return new AgentFailure("not-possible", "The host's libvirt refused.", error);
  if (isRpcError(error)) return new AgentFailure("interrupted", "The host's libvirt did not answer.", error);
  return error;
}

/** The restores' part of the agent: handlers for its desk, and `recover` for its start. */
export function createRestores({ connection, directory, ram = systemRam, memory = noLocalMemory }: RestoreOptions): {
  readonly handlers: Handlers;
  recover(): Promise<string>;
} {
  const stagings = new Stagings(new Records(directory), ram, memory);
  /** The end of the last work on each staging: one at a time. */
  const last = new Map<string, Promise<unknown>>();

  async function alone<T>({ uuid, key }: { uuid: string; key: string }, work: () => Promise<T>): Promise<T> {
    const name = `${uuid}.${key}`;
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work);
    const settled = mine.catch(() => undefined);
    last.set(name, settled);
    try {
      return await mine;
    } finally {
      if (last.get(name) === settled) last.delete(name);
    }
  }

  /** Stagings that wait for pages: the one that comes later takes the place of the one before. */
  const filling = new Map<string, () => void>();

  const sweep = async () => sweepRam(await connection(), () => keptImages(stagings), ram);

  async function stage(request: RestoreRequestOf<"stage">, exchange: Exchange): Promise<LastAnswer> {
    const begun = deferred<Filling>();
    const ended = deferred<void>();
    // Before anything is waited for: pages may be on their way already.
    exchange.onPages(async (batch) => (await begun.promise).write(batch));
    exchange.onMessage(async (message) => {
      if (message.kind === "stage-end") ended.resolve();
      return { kind: "done", words: "" };
    });
    const stop = () => ended.reject(interrupted(exchange.signal));
    exchange.signal.addEventListener("abort", stop, { once: true });
    if (exchange.signal.aborted) stop();
    // Pages of this one are waited for by nobody until it is its turn, and hold back what would end the one before.
    const name = `${request.uuid}.${request.key}`;
    filling.get(name)?.();
    const supersede = () => ended.reject(new NotHeld("Another staging of it has begun."));
    filling.set(name, supersede);
    const over = () => void (filling.get(name) === supersede && filling.delete(name));
    return alone<LastAnswer>(request, async () => {
      let mine: Filling | undefined;
      try {
        // The image of a run that has died makes room for the next one.
        if (request.since === null) await sweep().catch(() => undefined);
        mine = await stagings.begin(request);
        begun.resolve(mine);
        await ended.promise;
        await mine.finish();
        return { kind: "done", words: "Staged." };
      } catch (error) {
        begun.reject(error);
        await mine?.abandon().catch(() => undefined);
        throw error;
      }
    }).finally(over);
  }

  async function answer(message: Envelope, exchange: Exchange): Promise<LastAnswer> {
    const request = readRestoreMessage(message);
    switch (request?.kind) {
      case "stage":
        return stage(request, exchange);
      case "staged":
        return alone(request, async () => {
          const found = await stagings.whole(request);
          const result: StagedResult = {
            checkpoint: found?.content.checkpoint ?? null,
            token: found?.token ?? null,
            mapped: found !== undefined && isMapped(found, ram),
            ownMemory: memory.checkpointOf(request.uuid),
          };
          return { kind: "done", words: "", result };
        });
      case "unstage":
        return alone(request, async () => {
          await stagings.remove(request);
          return { kind: "done", words: "It is gone." };
        });
      case "start":
        return alone(request, async () => {
          const result = await startStaged(await connection(), stagings, request);
          return { kind: "done", words: result.words, result };
        });
      default:
        throw new AgentFailure("not-possible", `This does not stand by itself: "${message.kind}".`);
    }
  }

  const handler = async (message: Envelope, exchange: Exchange): Promise<LastAnswer> => {
    try {
      return await answer(message, exchange);
    } catch (error) {
      throw asFailure(error);
    }
  };

  return {
    handlers: { staged: handler, stage: handler, unstage: handler, start: handler },
    recover: async () => recover(await connection(), stagings),
  };
}

/** Whether the host knows a domain whose disks, or memory, are these. */
async function isUsed(connection: Connection, { uuid, content }: StagingRecord): Promise<boolean> {
  const xml = (await keptDefinition(connection, uuid)) ?? "";
  return content.files.some(
    ({ kind, path: file }) => kind === "disk" && xml.includes(file.replace(/\.base$/, ".qcow2")),
  );
}

/** Takes away what a life of the agent that ended in the middle has left. Standbys that are whole stay. */
async function recover(connection: Connection, stagings: Stagings): Promise<string> {
  const { records } = stagings;
  let removed = 0;
  for (const record of await records.all()) {
    if (record.phase === "whole" && record.key === standbyKey) {
      await stagings.whole(record); // changes that were written down are made
      continue;
    }
    if (record.phase === "starting" && (await isUsed(connection, record))) {
      await records.remove(record); // its files belong to that domain
      continue;
    }
    if (record.phase === "starting") await records.write({ ...record, phase: "filling" });
    await stagings.remove(record);
    removed += 1;
  }
  for (const name of await readdir(records.directory).catch(() => [])) {
    const own = path.join(records.directory, name);
    const known = await readFile(path.join(own, "record.json")).then(
      () => true,
      () => false,
    );
    if (!known) await rm(own, { recursive: true, force: true });
  }
  const images = await sweepRam(connection, () => keptImages(stagings), stagings.ram);
  return removed + images.length === 0
    ? ""
    : `${removed} restores that had not ended and ${images.length} images of memory were removed.`;
}
