import { rm } from "node:fs/promises";
import path from "node:path";
import {
  type Connection,
  defineDomain,
  destroyDomain,
  domainXml,
  isNoDomain,
  isOperationInvalid,
  startDomain,
  undefineDomain,
} from "../../../libvirt/index.ts";
import { detailOf } from "../failure.ts";
import { announce, goOnUnplugged, setClock } from "./awake.ts";
import { makeOverlay, tidyDisks } from "./disks.ts";
import { type Here, isDone, keptDefinition, lookAt, Refused } from "./look.ts";
import type { RestoreRequestOf, StartResult } from "./messages.ts";
import { sweepRam } from "./ram.ts";
import type { StagingRecord } from "./record.ts";
import { writeSaveFile } from "./save-file.ts";
import { isMapped, mainVolume, type Stagings } from "./staging.ts";
import { warmMemory } from "./warm.ts";

type StartRequest = RestoreRequestOf<"start">;

const restoreMs = 300_000;
/** virDomainSaveRestoreFlags */
const flags = { running: 2, paused: 4 };

const ignoring =
  (...known: ((error: unknown) => boolean)[]) =>
  (error: unknown) => {
    if (!known.some((is) => is(error))) throw error;
  };

/** Every image of memory that a staging holds: not to be swept. */
export async function keptImages(stagings: Stagings): Promise<Set<string>> {
  return new Set((await stagings.records.all()).flatMap(({ content }) => content.files.map((file) => file.path)));
}

/** What is staged becomes the running domain. Looks first; where it fails, the host is as it was before. */
export async function startStaged(
  connection: Connection,
  stagings: Stagings,
  request: StartRequest,
): Promise<StartResult> {
  const { uuid, generation } = request;
  if (isDone(await lookAt(connection, uuid), generation, request.held ? request.run : undefined))
    return { done: false, words: "It runs there already.", lazy: false };
  const record = await stagings.whole(request);
  if (record === undefined || record.content.checkpoint !== request.checkpoint)
    throw new Refused("What was staged on the host is not there any more.");
  await sweepRam(connection, () => keptImages(stagings), stagings.ram);
  const undo: (() => Promise<unknown>)[] = [];
  try {
    await Promise.all(request.overlays.map((overlay) => layOver(record, overlay, undo)));
    await stagings.records.write({ ...record, phase: "starting" });
    undo.push(() => stagings.records.write(record));
    const before = await define(connection, request, undo);
    const lazy = await run(connection, stagings, record, request);
    await stagings.records.remove(record);
    const image = record.content.files.find((file) => file.volume === mainVolume);
    if (image !== undefined) {
      if (lazy)
        void warmMemory(request.name, image.path); // while the guest works already
      else await rm(image.path, { force: true }); // it was read, and nobody maps it
    }
    const named = (file: string) => request.keep.includes(file) || before?.includes(file) === true;
    await Promise.all(request.overlays.map((overlay) => tidyDisks(overlay.path, named).catch(() => undefined)));
    if (request.beside) return { done: true, lazy, words: "Restored beside it, with its network unplugged." };
    if (request.held) return { done: true, lazy, words: "It is loaded, and held." };
    const boots = request.portable === null;
    const [clock] = await Promise.all([boots || setClock(connection, uuid), announce(connection, uuid)]);
    if (boots) return { done: true, lazy, words: "Started from the restored disks." };
    const words = `Restored${lazy ? ", with its memory mapped" : ""}${clock ? "" : "; its clock could not be set at once"}.`;
    return { done: true, lazy, words };
  } catch (error) {
    const now = await lookAt(connection, uuid).catch(() => "unknown" as const);
    // It may run from these files: they stay, and the next agent looks what became of them.
    if (now === "unknown") throw error;
    if (!request.beside && isRunOf(now, request)) {
      await stagings.records.remove(record);
      return { done: true, words: "Restored.", lazy: false };
    }
    if (now?.active && (await runsFrom(connection, uuid, request.overlays))) {
      await stagings.records.remove(record); // its files belong to that run
      throw new Refused("Somebody started it from the restored disks before it was restored.");
    }
    for (const step of undo.reverse()) await step().catch(() => undefined);
    if (!(error instanceof NotMapped)) throw error;
    stagings.mayMap = false;
    await stagings.remove(record);
    return { done: false, again: true, lazy: false, words: error.message };
  }
}

/**
 * QEMU may not map files of ours here (AppArmor, another version). Whether it had begun to is not known, and the image would be the guest's
 * own memory: it is not used again.
 */
class NotMapped extends Error {
  override readonly name = "NotMapped";
}

/** Not one that somebody started meanwhile, which may be of the same generation. */
const isRunOf = (here: Here | undefined, { run, generation }: StartRequest): boolean =>
  here?.active === true && here.run === run && here.generation === generation;

/** Files of ours that a domain has open are never taken away. Where libvirt does not answer it may. */
async function runsFrom(connection: Connection, uuid: string, overlays: StartRequest["overlays"]): Promise<boolean> {
  const xml = await domainXml(connection, { uuid }).catch((error: unknown) => (isNoDomain(error) ? "" : undefined));
  return xml === undefined || overlays.some(({ path: file }) => xml.includes(file));
}

async function layOver(
  record: StagingRecord,
  overlay: StartRequest["overlays"][number],
  undo: (() => Promise<unknown>)[],
): Promise<void> {
  const base = record.content.files.find(({ volume }) => volume === overlay.volume);
  if (base === undefined) throw new Refused(`The checkpoint has no disk ${overlay.volume}.`);
  undo.push(() => rm(overlay.path, { force: true }));
  await makeOverlay({ path: overlay.path, base: base.path, sizeBytes: base.sizeBytes });
}

async function define(connection: Connection, { uuid, definition }: StartRequest, undo: (() => Promise<unknown>)[]) {
  const before = await keptDefinition(connection, uuid);
  undo.push(() =>
    before === undefined
      ? undefineDomain(connection, { uuid }).catch(ignoring(isNoDomain))
      : defineDomain(connection, before),
  );
  await defineDomain(connection, definition);
  return before;
}

/** It is as it was defined: nobody has started it, and nobody has taken it away from this host. */
async function demandOff(connection: Connection, { uuid, generation }: StartRequest): Promise<void> {
  const here = await lookAt(connection, uuid);
  if (here?.active) throw new Refused("Somebody started it meanwhile.");
  if (here?.generation !== generation) throw new Refused("It was taken away from this host meanwhile.");
}

/** Mapped if that may be, else read. True: mapped. */
async function run(
  connection: Connection,
  stagings: Stagings,
  record: StagingRecord,
  request: StartRequest,
): Promise<boolean> {
  const { uuid, portable, lazy, beside, held } = request;
  if (portable === null) {
    await demandOff(connection, request);
    await startDomain(connection, { uuid }, { paused: held });
    return false;
  }
  const file = path.join(stagings.records.directoryOf(record), "save");
  const restore = async (xml: string, mapped: boolean) => {
    try {
      await writeSaveFile(file, xml, record.content, mapped);
      // To write the file took its time: who let go of it meanwhile has perhaps started it on another host.
      await demandOff(connection, request);
      const args = { from: file, dxml: null, flags: beside || held ? flags.paused : flags.running };
      await connection.call("domain_restore_flags", args, { timeoutMs: restoreMs });
      if (beside) await goOnUnplugged(connection, uuid);
    } catch (error) {
      // A domain that did not get so far as to run must not stay half restored.
      const now = await lookAt(connection, uuid);
      if (now?.active && now.run === request.run && (beside || now.generation !== request.generation))
        await destroyDomain(connection, { uuid }).catch(ignoring(isNoDomain, isOperationInvalid));
      throw error;
    } finally {
      await rm(file, { force: true });
    }
  };
  if (lazy !== null && isMapped(record, stagings.ram)) {
    try {
      await restore(lazy, true);
      return true;
    } catch (error) {
      if ((await lookAt(connection, uuid))?.active || error instanceof Refused) throw error;
      throw new NotMapped(`Its memory could not be mapped: ${detailOf(error)}`.slice(0, 1500));
    }
  }
  await restore(portable, false);
  return false;
}
