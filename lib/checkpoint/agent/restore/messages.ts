import * as z from "zod/mini";
import type { Envelope } from "../../wire/index.ts";

/**
 * What the engine asks of an agent for restores and standbys, beside the wire's own words. A *staging* is what a checkpoint becomes on a
 * host before it runs there: its memory, the devices' state, its disks as files. One of key "standby" stays and is refreshed.
 */
const text = (most: number) => z.string().check(z.maxLength(most));
const serial = z.number().check(z.int(), z.nonnegative());
const uuid = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
const id = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,120}$/));
const size = z.number().check(z.int(), z.nonnegative());
const file = text(4096).check(z.startsWith("/"));

export const standbyKey = "standby";

const stagedVolume = z.object({
  name: text(255),
  kind: z.enum(["memory", "devices", "disk"]),
  sizeBytes: size,
  /** Where it goes; null: where the agent likes. */
  path: z.nullable(file),
});
export type StagedVolume = z.infer<typeof stagedVolume>;

const overlay = z.object({ path: file, volume: text(255), sizeBytes: size });

export const restoreRequests = {
  /** Answered `done` with a `StagedResult`: what is there, whole. */
  staged: z.object({ kind: z.literal("staged"), serial, uuid, key: id }),
  /**
   * PAGES follow, then `stage-end`; answered `done` when all of it is safe on the host. `since`: the pages are what differs from that
   * checkpoint, which the staging holds; else it fails as "interrupted", and all of it is to be sent.
   */
  stage: z.object({
    ...{ kind: z.literal("stage"), serial, uuid, key: id, checkpoint: id },
    /** In the names of its files; null where it is the one that is there. */
    token: z.nullable(id),
    since: z.nullable(id),
    /** No pages of the main memory follow: the host still has it, and fails as "interrupted" where it has not any more. */
    ownMemory: z.boolean(),
    volumes: z.array(stagedVolume),
    streamHead: z.nullable(text(1024 * 1024)),
    cookie: z.nullable(text(1024 * 1024)),
  }),
  /** No more pages of the request `of`. Answered `done`. */
  "stage-end": z.object({ kind: z.literal("stage-end"), serial, of: serial }),
  /** The staging, open or whole, is taken away; never one that a domain runs from. Answered `done`. */
  unstage: z.object({ kind: z.literal("unstage"), serial, uuid, key: id }),
  /** Answered `done` with a `StartResult`. Nothing of it stays where it fails. */
  start: z.object({
    ...{ kind: z.literal("start"), serial, uuid, key: id, checkpoint: id },
    name: text(255),
    generation: size,
    /** In the metadata of the run that this restore makes, and of no other: somebody may start the VM meanwhile. */
    run: id,
    /** Disks that are kept whatever is tidied: what the VM was made of before it was restored. */
    keep: z.array(file),
    /** Kept by libvirt. */
    definition: text(1024 * 1024),
    /** The run that is restored: its memory read, or mapped. null: it boots. */
    portable: z.nullable(text(1024 * 1024)),
    lazy: z.nullable(text(1024 * 1024)),
    overlays: z.array(overlay),
    /** Its cards are unplugged before it goes on, and its disks are nobody else's. */
    beside: z.boolean(),
    /** It is loaded, and stands still: the engine lets it go. */
    held: z.boolean(),
  }),
} as const;

export const stagedResult = z.object({
  ...{ checkpoint: z.nullable(id), token: z.nullable(id), mapped: z.boolean() },
  /** The checkpoint whose main memory the host itself still has. */
  ownMemory: z.nullable(id),
});
export type StagedResult = z.infer<typeof stagedResult>;
export const startResult = z.object({
  ...{ done: z.boolean(), words: text(2000), lazy: z.boolean() },
  /** Its memory could not be mapped, and what was staged is gone: to be staged again, and read then. */
  again: z.optional(z.boolean()),
});
export type StartResult = z.infer<typeof startResult>;

export type RestoreRequestOf<K extends keyof typeof restoreRequests> = z.infer<(typeof restoreRequests)[K]>;
export type RestoreMessage = { [K in keyof typeof restoreRequests]: RestoreRequestOf<K> }[keyof typeof restoreRequests];

const message = z.discriminatedUnion("kind", [
  restoreRequests.staged,
  restoreRequests.stage,
  restoreRequests["stage-end"],
  restoreRequests.unstage,
  restoreRequests.start,
]);
/** undefined: of another kind. Throws where it is of ours and does not have its shape. */
export const readRestoreMessage = (it: Envelope): RestoreMessage | undefined =>
  it.kind in restoreRequests ? message.parse(it) : undefined;
