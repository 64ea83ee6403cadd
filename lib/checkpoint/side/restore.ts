import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { CheckpointDamaged, HypervisorRefused, type RestoreProgress, type RestoreRequest } from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import { heldRun, isDone, lookAt } from "../agent/restore/look.ts";
import {
  type StagedResult,
  type StartResult,
  stagedResult,
  standbyKey,
  startResult,
} from "../agent/restore/messages.ts";
import { ramFile } from "../agent/restore/ram.ts";
import { inFrames } from "../agent/restore/redo.ts";
import { mainBlock, memoryVolume } from "../stream/index.ts";
import { type ByteStore, NotSure, type PageBatch, pageBytes, type StoredCheckpoint, type Volume } from "../words.ts";
import type { Agents } from "./agents.ts";
import { AgentRefused, type Asked, type Conversation } from "./conversation.ts";
import { baseName, mayMap, namesOf, overlayName, rewriteDomain, targetsOf, writableFilesOf } from "./definition.ts";
import { asHostError } from "./failures.ts";
import type { HostShell } from "./shell.ts";

export interface RestoreParts {
  readonly store: ByteStore;
  readonly agents: Agents;
  readonly shell: HostShell;
}
const takenAwayMs = 5_000;
type OnProgress = (progress: RestoreProgress) => void;

async function doneOf(conversation: Conversation, request: Asked): Promise<unknown> {
  const answer = await conversation.ask(request);
  return answer.kind === "done" ? answer.result : undefined;
}

const stagedAt = async (conversation: Conversation, uuid: string, key: string): Promise<StagedResult> =>
  stagedResult.parse(await doneOf(conversation, { kind: "staged", uuid, key }));

async function wholeOf(store: ByteStore, checkpoint: string): Promise<StoredCheckpoint> {
  const found = await store.get(checkpoint);
  if (found === undefined) throw new CheckpointDamaged("The checkpoint is not in the store.");
  return found;
}

/** What a replica holds may be read from another one instead. */
const ifSure = (store: ByteStore, checkpoint: string): Promise<StoredCheckpoint | undefined> =>
  store.get(checkpoint).catch((error: unknown) => {
    if (error instanceof NotSure) return undefined;
    throw error;
  });

/** In the names of everything that belongs to one restore: of which VM, of what, and which one. */
const newToken = (uuid: string, what: string) => `${uuid.slice(0, 8)}-${what}-${randomBytes(3).toString("hex")}`;

interface Staging {
  readonly uuid: string;
  readonly key: string;
  readonly token: string;
  /** The host itself has the main memory of this checkpoint: it is not sent. */
  readonly ownMemory?: boolean;
}
const mainVolume = memoryVolume(mainBlock);

/** Sends a checkpoint, or what differs from `since`, and waits until the host has it. */
async function send(
  store: ByteStore,
  conversation: Conversation,
  { facts, volumes }: StoredCheckpoint,
  { uuid, key, token, ownMemory = false }: Staging,
  since: string | null,
  vmName: string,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<void> {
  const paths = new Map(
    facts.disks.map(({ volume, path, target }) => [volume, baseName(namesOf(path, vmName, target), token)]),
  );
  const exchange = await conversation.begin({
    ...{ kind: "stage", uuid, key, token, since, checkpoint: facts.checkpoint, ownMemory },
    volumes: volumes.map(({ name, kind, sizeBytes }) => ({ name, kind, sizeBytes, path: paths.get(name) ?? null })),
    ...{ streamHead: facts.streamHead, cookie: facts.cookie },
  });
  const ended = conversation.last(exchange, () => undefined);
  ended.catch(() => undefined);
  let failed = false;
  ended.catch(() => {
    failed = true;
  });
  try {
    const progress = new Progress(volumes, onProgress);
    const sendAll = async (some: readonly Volume[]) => {
      for (const { name } of some)
        for await (const batch of store.read(facts.checkpoint, name, since ?? undefined)) {
          if (failed) return; // it says itself why
          signal?.throwIfAborted();
          for (const part of inFrames(batch)) await exchange.sendPages(part);
          progress.passed(batch);
        }
      for (const { name } of some) progress.ended(name);
    };
    // Both at once: while the store looks for pages of the one, those of the other are on their way.
    const isDisk = ({ kind }: Volume) => kind === "disk";
    if (ownMemory) progress.ended(mainVolume);
    const sent = volumes.filter(({ name }) => !(ownMemory && name === mainVolume));
    const both = [sendAll(sent.filter((it) => !isDisk(it))), sendAll(sent.filter(isDisk))];
    await Promise.allSettled(both);
    await Promise.all(both);
    if (!failed) await conversation.ask({ kind: "stage-end", of: exchange.serial });
    await ended;
  } catch (error) {
    await conversation.begin({ kind: "cancel", of: exchange.serial }).catch(() => undefined);
    if (failed) await ended; // the agent's own reason, before what followed from it
    // What was begun is taken away, and is not found by whoever comes next.
    await Promise.race([ended.catch(() => undefined), pause(takenAwayMs, undefined, { ref: false })]);
    throw error;
  }
}

/** How far it is, by the place in each volume: how much of it is not zero is not known before. */
class Progress {
  readonly #volumes: ReadonlyMap<string, Volume>;
  readonly #done = new Map<string, number>();
  readonly #tell: OnProgress;
  readonly #bytesTotal: number;

  constructor(volumes: readonly Volume[], tell: OnProgress) {
    this.#volumes = new Map(volumes.map((volume) => [volume.name, volume]));
    this.#bytesTotal = volumes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    this.#tell = tell;
    this.#say("memory");
  }

  passed({ volume, numbers }: PageBatch): void {
    this.#done.set(volume, ((numbers.at(-1) ?? 0) + 1) * pageBytes);
    // The memory is told of until it is there: it comes first where both are asked for.
    const memory = [...this.#volumes.values()].some(
      ({ name, kind, sizeBytes }) => kind === "memory" && (this.#done.get(name) ?? 0) < sizeBytes,
    );
    this.#say(memory ? "memory" : "disks");
  }

  ended(volume: string): void {
    this.#done.set(volume, this.#volumes.get(volume)?.sizeBytes ?? 0);
  }

  #say(phase: RestoreProgress["phase"]): void {
    let bytesDone = 0;
    for (const [volume, bytes] of this.#done) bytesDone += Math.min(bytes, this.#volumes.get(volume)?.sizeBytes ?? 0);
    this.#tell({ phase, bytesDone, bytesTotal: this.#bytesTotal });
  }
}

/** Without the main memory, where the host itself still has it. */
async function withOwnMemory(staging: Staging, has: boolean, sendIt: (it: Staging) => Promise<void>): Promise<void> {
  try {
    await sendIt({ ...staging, ownMemory: has });
  } catch (error) {
    if (!has || !(error instanceof AgentRefused)) throw error;
    await sendIt(staging); // it has not any more
  }
}

/** Brings the standby there to this checkpoint; by what differs, where it holds one that the store has too. */
async function refresh(
  { store }: RestoreParts,
  conversation: Conversation,
  stored: StoredCheckpoint,
  there: StagedResult,
  request: RestoreRequest,
  onProgress: OnProgress,
): Promise<void> {
  const { uuid, name } = request.vm;
  const { checkpoint } = stored.facts;
  if (there.checkpoint === checkpoint) return;
  const before = there.checkpoint === null ? undefined : await ifSure(store, there.checkpoint);
  if (before !== undefined && there.token !== null && before.facts.vmUuid === uuid) {
    const staging = { uuid, key: standbyKey, token: there.token };
    try {
      return await send(store, conversation, stored, staging, before.facts.checkpoint, name, onProgress);
    } catch (error) {
      if (!(error instanceof AgentRefused)) throw error; // else it is sent whole
    }
  }
  const staging = { uuid, key: standbyKey, token: newToken(uuid, standbyKey) };
  const sendIt = (it: Staging) => send(store, conversation, stored, it, null, name, onProgress);
  await withOwnMemory(staging, there.ownMemory === checkpoint, sendIt);
}

export async function refreshStandby(parts: RestoreParts, target: HostId, request: RestoreRequest): Promise<void> {
  try {
    const conversation = await parts.agents.of(target);
    const stored = await wholeOf(parts.store, request.checkpoint);
    const there = await stagedAt(conversation, request.vm.uuid, standbyKey);
    await refresh(parts, conversation, stored, there, request, () => undefined);
  } catch (error) {
    throw asHostError(error);
  }
}

export async function standbyReady(
  { agents }: Pick<RestoreParts, "agents">,
  target: HostId,
  uuid: string,
  checkpoint: string,
) {
  try {
    return (await stagedAt(await agents.of(target), uuid, standbyKey)).checkpoint === checkpoint;
  } catch (error) {
    throw asHostError(error); // a host that cannot be asked has not said that there is none
  }
}

export async function dropStandby({ agents }: RestoreParts, target: HostId, uuid: string): Promise<void> {
  try {
    await doneOf(await agents.of(target), { kind: "unstage", uuid, key: standbyKey });
  } catch (error) {
    throw asHostError(error);
  }
}

/** Looked at before anything is sent, or switched off: what its definition would have to have. In words for its owner. */
export function whyNot({ facts }: StoredCheckpoint, { definition, beside }: RestoreRequest): string | undefined {
  const there = new Set(targetsOf(definition));
  const gone = facts.disks.flatMap(({ target }) => (there.has(target) ? [] : [target]));
  if (gone.length > 0)
    return `It had ${gone.length === 1 ? "a disk" : "disks"} then that it has not any more: ${gone.join(", ")}.`;
  try {
    rewriteDomain(definition, { disks: [], generation: 0, ...(beside && { beside }) });
  } catch (error) {
    if (error instanceof HypervisorRefused) return error.message;
    throw error;
  }
  return undefined;
}

/** The domain as it is kept, and as it is started: from memory that is read, or mapped. */
function programOf(stored: StoredCheckpoint, { uuid, token }: Staging, request: RestoreRequest) {
  const { facts, volumes } = stored;
  const { generation, beside, held = false } = request;
  const disks = facts.disks.map(({ volume, target, path }) => ({
    ...{ volume, target },
    path: overlayName(namesOf(path, request.vm.name, target), token),
    sizeBytes: volumes.find(({ name }) => name === volume)?.sizeBytes ?? 0,
  }));
  const main = volumes.find(({ name }) => name === mainVolume);
  const rewrite = { disks, generation, ...(beside && { beside }) };
  const run = held ? heldRun(request.checkpoint) : randomBytes(8).toString("hex");
  const memory = main && { path: ramFile(uuid, token), sizeBytes: main.sizeBytes };
  const hasMemory = facts.streamHead !== null;
  return {
    name: beside?.name ?? request.vm.name,
    ...{ generation, run },
    keep: writableFilesOf(request.definition),
    // Without memory it is what is kept that boots.
    definition: rewriteDomain(request.definition, hasMemory ? rewrite : { ...rewrite, run }),
    portable: hasMemory ? rewriteDomain(facts.domainXml, { ...rewrite, run }) : null,
    lazy:
      hasMemory && memory !== undefined && mayMap(facts.domainXml)
        ? rewriteDomain(facts.domainXml, { ...rewrite, run, memory })
        : null,
    overlays: disks.map(({ volume, path, sizeBytes }) => ({ volume, path, sizeBytes })),
    ...{ beside: beside !== undefined, held },
  };
}

/** Where it is started from: the standby that is there, brought to this checkpoint, or a staging of its own. */
async function stageFor(
  parts: RestoreParts,
  conversation: Conversation,
  stored: StoredCheckpoint,
  request: RestoreRequest,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Staging> {
  const { checkpoint } = stored.facts;
  let ownMemory = false;
  if (request.beside === undefined) {
    const { uuid } = request.vm;
    const there = await stagedAt(conversation, uuid, standbyKey);
    ownMemory = there.ownMemory === checkpoint;
    if (there.checkpoint !== null) {
      await refresh(parts, conversation, stored, there, request, onProgress);
      const { token } = await stagedAt(conversation, uuid, standbyKey);
      if (token !== null) return { uuid, key: standbyKey, token };
    }
  }
  const uuid = request.beside?.uuid ?? request.vm.uuid;
  const token = newToken(uuid, request.beside === undefined ? checkpoint : "beside");
  const staging = { uuid, key: token, token };
  const sendIt = (it: Staging) =>
    send(parts.store, conversation, stored, it, null, request.vm.name, onProgress, signal);
  await withOwnMemory(staging, ownMemory, sendIt);
  return staging;
}

/** Once. What was staged for it does not stay where that fails. */
async function stageAndStart(
  parts: RestoreParts,
  conversation: Conversation,
  stored: StoredCheckpoint,
  request: RestoreRequest,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<StartResult> {
  const staging = await stageFor(parts, conversation, stored, request, onProgress, signal);
  const { uuid, key } = staging;
  try {
    signal?.throwIfAborted(); // by now it may run elsewhere
    onProgress({ phase: "starting", bytesDone: stored.wholeBytes, bytesTotal: stored.wholeBytes });
    const program = programOf(stored, staging, request);
    return startResult.parse(
      await doneOf(conversation, { kind: "start", uuid, key, checkpoint: request.checkpoint, ...program }),
    );
  } catch (error) {
    if (key !== standbyKey) await conversation.ask({ kind: "unstage", uuid, key }).catch(() => undefined);
    throw error;
  }
}

export async function restore(
  parts: RestoreParts,
  target: HostId,
  request: RestoreRequest,
  onProgress: OnProgress,
  signal?: AbortSignal,
) {
  const { agents, store, shell } = parts;
  const uuid = request.beside?.uuid ?? request.vm.uuid;
  try {
    const run = request.held ? heldRun(request.checkpoint) : undefined;
    if (isDone(await lookAt(shell.libvirt(target), uuid), request.generation, run))
      return { done: false, words: "It runs there already.", lazy: false };
    onProgress({ phase: "reading", bytesDone: 0, bytesTotal: 0 });
    const stored = await wholeOf(store, request.checkpoint);
    const not = whyNot(stored, request);
    if (not !== undefined) throw new HypervisorRefused(not);
    const conversation = await agents.of(target);
    const first = await stageAndStart(parts, conversation, stored, request, onProgress, signal);
    return first.again ? await stageAndStart(parts, conversation, stored, request, onProgress, signal) : first;
  } catch (error) {
    throw asHostError(error);
  }
}
