/**
 * What the engine and the agent say to each other. Every message has a `kind` and the `serial` of the request that it is or
 * answers; what refers to an earlier request that is still open names it by `of`. A request ends by exactly one of `done`, `failed`,
 * `ready` or `offer`. Kinds that are not here pass as they are (`Envelope`): restores and standbys have theirs beside their handlers.
 */
import * as z from "zod/mini";

export const wireVersion = 1;

const text = (most: number) => z.string().check(z.maxLength(most));
const serial = z.number().check(z.int(), z.nonnegative(), z.lte(0xffffffff));
const uuid = z.string().check(z.regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
const id = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,80}$/));
const size = z.number().check(z.int(), z.nonnegative());
const method = z.enum(["background", "live", "stop", "disk-only"]);

/** The least that every message has. */
export const envelope = z.looseObject({ kind: text(64), serial, of: z.optional(serial) });
export type Envelope = z.infer<typeof envelope>;

const captureFields = {
  serial,
  checkpoint: id,
  /** Belay's id of the VM, for the facts; libvirt is asked by the UUID. */
  vm: id,
  uuid,
  organization: z.nullable(id),
  /** What equals this one is not sent, where the agent still holds its table; else `base` of the facts is null. */
  base: z.nullable(id),
  method,
};

export const requests = {
  /** Answered `ready`. */
  hello: z.object({ kind: z.literal("hello"), serial, wire: z.literal(wireVersion) }),
  /** Answered `offer`. */
  probe: z.object({ kind: z.literal("probe"), serial, uuid }),
  /** Answered `facts`, then `volume`s and PAGES, `end`, and `done` or `failed`. */
  capture: z.object({ kind: z.literal("capture"), ...captureFields }),
  /**
   * A capture of several VMs of one instant, in three parts. `prepare` makes everything ready and is answered `prepared` while it stays
   * open; `hold` stops the guest; `go` captures, and from there it is a capture of the serial of `prepare`. A guest that is
   * held goes on by itself when `go` does not come within `holdMostMs`: then the request fails.
   */
  prepare: z.object({ kind: z.literal("prepare"), ...captureFields }),
  hold: z.object({ kind: z.literal("hold"), serial, of: serial }),
  go: z.object({ kind: z.literal("go"), serial, of: serial }),
  /** The request `of` ends as soon as it can, with `failed` of the failure "interrupted". Answered `done`, also where it has ended. */
  cancel: z.object({ kind: z.literal("cancel"), serial, of: serial }),
  /** Takes away what captures left on this VM. Answered `done` with words. */
  sweep: z.object({ kind: z.literal("sweep"), serial, uuid }),
  // `credit`, which is not answered: so many frames of pages of the request `of` were taken, and as many may follow. See credit.ts.
  /** The page tables of this VM's checkpoints are forgotten: the next capture sends everything. Answered `done`. */
  forget: z.object({ kind: z.literal("forget"), serial, uuid }),
} as const;

/** A guest is never held longer because of us. */
export const holdMostMs = 800;

const volume = z.object({
  name: text(255),
  kind: z.enum(["memory", "devices", "disk"]),
  sizeBytes: size,
});
const facts = z.object({
  checkpoint: id,
  vm: id,
  vmUuid: uuid,
  organization: z.nullable(id),
  base: z.nullable(id),
  method,
  domainXml: text(1024 * 1024),
  streamHead: z.nullable(text(1024 * 1024)),
  cookie: z.nullable(text(1024 * 1024)),
  disks: z.array(z.object({ volume: text(255), target: text(64), path: text(4096), format: text(32) })),
});
const end = z.object({
  at: z.number(),
  pauseMs: z.number(),
  tookMs: z.number(),
  changedBytes: size,
  words: text(2000),
});

/** Why a request failed. "not-possible": also later, as things stand. "interrupted": it may be asked again. "damaged": what was sent. */
export const failures = ["not-possible", "interrupted", "damaged"] as const;

export const answers = {
  ready: z.object({
    kind: z.literal("ready"),
    serial,
    wire: z.literal(wireVersion),
    version: text(64),
    /** What a former life of the agent had left, and this one took away; "" where nothing was. */
    swept: text(2000),
  }),
  offer: z.object({
    kind: z.literal("offer"),
    serial,
    offer: z.object({ method: z.nullable(method), words: text(2000), lazy: z.boolean() }),
  }),
  facts: z.object({ kind: z.literal("facts"), serial, facts, volumes: z.array(volume) }),
  volume: z.object({ kind: z.literal("volume"), serial, volume }),
  end: z.object({ kind: z.literal("end"), serial, end }),
  prepared: z.object({ kind: z.literal("prepared"), serial }),
  /** The guest of this capture runs again; the rest is written while it runs. */
  running: z.object({ kind: z.literal("running"), serial, pauseMs: z.number() }),
  done: z.object({ kind: z.literal("done"), serial, words: text(2000), result: z.optional(z.unknown()) }),
  failed: z.object({
    kind: z.literal("failed"),
    serial,
    failure: z.enum(failures),
    /** For everybody. */
    words: text(2000),
    /** For the provider: libvirt's or QEMU's own words. */
    detail: z.nullable(text(8000)),
  }),
  progress: z.object({ kind: z.literal("progress"), serial, phase: text(32), bytesDone: size, bytesTotal: size }),
} as const;

export type Request = { [K in keyof typeof requests]: z.infer<(typeof requests)[K]> }[keyof typeof requests];
export type RequestOf<K extends keyof typeof requests> = z.infer<(typeof requests)[K]>;
export type Answer = { [K in keyof typeof answers]: z.infer<(typeof answers)[K]> }[keyof typeof answers];
export type AnswerOf<K extends keyof typeof answers> = z.infer<(typeof answers)[K]>;
export type Failure = (typeof failures)[number];

const request = z.discriminatedUnion("kind", [
  requests.hello,
  requests.probe,
  requests.capture,
  requests.prepare,
  requests.hold,
  requests.go,
  requests.cancel,
  requests.sweep,
  requests.forget,
]);
const answer = z.discriminatedUnion("kind", [
  answers.ready,
  answers.offer,
  answers.facts,
  answers.volume,
  answers.end,
  answers.prepared,

  answers.running,
  answers.done,
  answers.failed,
  answers.progress,
]);

/** undefined: of a kind that is not here. Throws where it is of a kind that is here but does not have its shape. */
export const readRequest = (message: Envelope): Request | undefined =>
  message.kind in requests ? request.parse(message) : undefined;
export const readAnswer = (message: Envelope): Answer | undefined =>
  message.kind in answers ? answer.parse(message) : undefined;
