import { z } from "zod";
import {
  customerMessage,
  customerTechniqueNames,
  customerView,
  incidentId,
  jointConclusion,
  messageId,
  repairId,
  vmId,
} from "../../contract/index.ts";

/**
 * What the manager knows of the conversation and of its own repairs. One value, one line of the journal: what came in and what follows
 * from it are kept together or not at all. Work is not commanded: it follows from the state (`jobsOf`), so a restart goes on by itself.
 */

const vmRef = z.object({ id: vmId, name: z.string() });
export type VmId = z.infer<typeof vmId>;
export type MessageId = z.infer<typeof messageId>;
export type IncidentId = z.infer<typeof incidentId>;

/** A message of ours, kept until the provider has it. Its id is made from what it answers: said twice, it is one message. */
export const saying = z.object({
  id: messageId,
  subject: incidentId.nullable(),
  at: z.number(),
  message: customerMessage,
  /** Said later it is of no use. */
  until: z.number().nullable(),
});
export type Saying = z.infer<typeof saying>;
export type CustomerWords = z.infer<typeof customerMessage>;

export const stage = z.discriminatedUnion("is", [
  z.object({ is: z.literal("answered"), how: z.enum(["accepted", "chosen", "declined"]) }),
  /** Not ours to answer, or too late. */
  z.object({ is: z.literal("silent"), why: z.string() }),
  z.object({ is: z.literal("postponed"), until: z.number(), answer: customerMessage }),
  z.object({
    is: z.literal("finishing"),
    /** Names this time that the VM was brought back: a repair may do so more than once. */
    run: z.string(),
    generation: z.int(),
    address: z.string().nullable(),
    from: z.enum(["image", "own-disk", "checkpoint"]),
    finishBy: z.number(),
    phase: z.enum(["deploying", "starting", "synchronising"]).nullable(),
  }),
  z.object({ is: z.literal("reported"), ok: z.boolean() }),
  z.object({ is: z.literal("ended"), how: z.string() }),
]);

export const repair = z.object({
  id: repairId,
  vm: vmRef,
  subject: incidentId.nullable(),
  /** Of the newest message about it that counted. */
  sequence: z.number(),
  changedAt: z.number(),
  stage,
});
export type Repair = z.infer<typeof repair>;

/** What the provider wants to know of a VM. */
export const question = z.object({ id: messageId, subject: incidentId.nullable(), vm: vmRef, answerBy: z.number() });

const action = z.object({
  technique: z.enum(customerTechniqueNames),
  /** Names this doing of it. */
  key: z.string(),
  server: z.string().nullable(),
  vms: z.array(z.string()),
});
export type Action = z.infer<typeof action>;

/** A server that our own sensors say is down. */
export const trouble = z.object({
  server: z.string(),
  vm: z.string(),
  since: z.number(),
  view: customerView,
  words: z.string(),
  conclusion: jointConclusion.nullable(),
  /** Each once. */
  tried: z.array(action.shape.technique),
  /** Why its VM was tried to be made anew, and is not: refused, or failed. Journals of before have none. */
  notMadeAnew: z.string().nullable().default(null),
  stage: z.discriminatedUnion("is", [
    z.object({ is: z.literal("asked"), question: messageId, until: z.number() }),
    /** `at`: when it began. Journals of before do not tell. */
    z.object({ is: z.literal("acting"), action, at: z.number().optional() }),
    /** It was done; the sensors show whether it helped. */
    z.object({ is: z.literal("settling"), until: z.number() }),
    z.object({ is: z.literal("waiting"), until: z.number(), why: z.string() }),
  ]),
});
export type Trouble = z.infer<typeof trouble>;

/** A repair that a person ordered, by the VM that it is about. */
export const byHand = z.object({
  vm: z.string(),
  at: z.number(),
  stage: z.discriminatedUnion("is", [
    z.object({ is: z.literal("acting"), action }),
    /** It was done; what the sensors say may still be of before. */
    z.object({ is: z.literal("settling"), until: z.number() }),
  ]),
});
export type ByHand = z.infer<typeof byHand>;

export const managerState = z.object({
  form: z.literal(1),
  /** Ids of messages that were taken in, oldest first. */
  seen: z.array(messageId),
  repairs: z.record(z.string(), repair),
  questions: z.record(z.string(), question),
  outbox: z.array(saying),
  troubles: z.record(z.string(), trouble),
  /** Journals of before have none. */
  byHand: z.record(z.string(), byHand).default({}),
  /** When each server was restarted lately. */
  restarts: z.record(z.string(), z.array(z.number())),
});
export type ManagerState = z.infer<typeof managerState>;

export const noState: ManagerState = {
  form: 1,
  seen: [],
  repairs: {},
  questions: {},
  outbox: [],
  troubles: {},
  byHand: {},
  restarts: {},
};

/** What lasts is bounded: an id that old does not come again, and a repair that ended says nothing more. */
export const keptIds = 400;
export const keptRepairs = 30;

export const repairOpen = (one: Repair): boolean => one.stage.is !== "ended";
/** A repair of which nothing was heard for so long does not keep the manager from repairing alone. */
export const repairForgottenMs = 30 * 60_000;

/** Whether the provider and this manager are repairing something, or a person by this manager. */
export const inRepair = (state: ManagerState, now: number): boolean =>
  Object.values(state.repairs).some((one) => repairOpen(one) && now - one.changedAt < repairForgottenMs) ||
  Object.values(state.byHand).some(({ stage }) => stage.is === "acting");
