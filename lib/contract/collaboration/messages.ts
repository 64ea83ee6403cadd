import { z } from "zod";
import {
  type CustomerMessage,
  certainties,
  customerPhases,
  fallbacks,
  layers,
  type ProviderMessage,
} from "../../model/index.ts";
import { applicationId, epochMs, messageId, repairId, vmId } from "../ids.ts";

/** The `data` of each message of the collaboration protocol, version 1 (docs/protocol.md). Instants are milliseconds since 1970. */

const words = z.string().max(2000);
const vm = z.object({ id: vmId, name: z.string() });
const fallbackNames = Object.keys(fallbacks) as [keyof typeof fallbacks, ...(keyof typeof fallbacks)[]];
export const proposableTechnique = z.enum(["assisted-rebuild", "revive-vm", "relocate", "restore-checkpoint"]);

export const providerView = z.object({
  host: z.enum(["well", "suspected", "dead", "cut-off", "unknown"]),
  vm: z.enum([
    "running",
    "silent",
    "hung",
    "unreachable",
    "paused",
    "suspended",
    "crashed",
    "stopped",
    "missing",
    "unknown",
  ]),
});
export const customerView = z.object({
  reached: z.enum(["by-all", "by-some", "by-none", "unknown"]),
  processes: z.enum(["running", "some-dead", "unknown"]),
  service: z.enum(["answers", "fails", "unknown"]),
});
export const jointConclusion = z.object({
  layer: z.enum(layers).nullable(),
  certainty: z.enum(certainties),
  words,
});

export const proposedTechnique = z.object({
  technique: proposableTechnique,
  words,
  expectedMs: z.number().nullable(),
  loses: words,
});

export const providerMessage = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("vm.failed"),
    vm,
    applicationId: applicationId.nullable(),
    layer: z.enum(layers),
    cause: z.string(),
    certainty: z.string(),
    words,
    since: epochMs,
    evidence: z.array(z.object({ at: epochMs, words })).readonly(),
  }),
  z.object({
    kind: z.literal("repair.proposed"),
    repair: repairId,
    vm,
    techniques: z.array(proposedTechnique).min(1).readonly(),
    answerBy: epochMs,
    latest: epochMs,
    fallback: z.enum(fallbackNames),
  }),
  z.object({
    kind: z.literal("vm.restarted"),
    repair: repairId,
    vm,
    address: z.string().nullable(),
    from: z.enum(["image", "own-disk", "checkpoint"]),
    image: z.string().nullable(),
    generation: z.int(),
    apart: z.enum(["kept", "not-kept", "not-asked"]),
    finishBy: epochMs,
  }),
  z.object({
    kind: z.literal("repair.changed"),
    repair: repairId,
    vm,
    state: z.enum(["agreed", "waiting", "fallback", "repaired", "handed-over", "cleared"]),
    words,
  }),
  z.object({ kind: z.literal("diagnosis.asked"), vm, provider: providerView, answerBy: epochMs }),
  z.object({
    kind: z.literal("diagnosis.answered"),
    question: messageId,
    vm,
    provider: providerView,
    conclusion: jointConclusion,
  }),
  z.object({
    kind: z.literal("maintenance.announced"),
    vm,
    work: z.string(),
    words,
    startsAt: epochMs,
    actions: z.array(z.enum(["begin", "stop"])).readonly(),
  }),
  z.object({ kind: z.literal("maintenance.ended"), vm, work: z.string(), words }),
]) satisfies z.ZodType<ProviderMessage>;

export const customerMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("repair.accepted"), repair: repairId }),
  z.object({ kind: z.literal("repair.chosen"), repair: repairId, technique: proposableTechnique }),
  z.object({ kind: z.literal("repair.postponed"), repair: repairId, until: epochMs, words }),
  z.object({ kind: z.literal("repair.declined"), repair: repairId, words }),
  z.object({
    kind: z.literal("repair.phase"),
    repair: repairId,
    phase: z.enum(customerPhases),
    percent: z.number().min(0).max(100).nullable(),
    words,
  }),
  z.object({ kind: z.literal("repair.completed"), repair: repairId, words }),
  z.object({ kind: z.literal("repair.failed"), repair: repairId, words }),
  z.object({ kind: z.literal("diagnosis.asked"), vmId, customer: customerView, words }),
  z.object({ kind: z.literal("diagnosis.answered"), question: messageId, customer: customerView }),
  z.object({
    kind: z.literal("maintenance.answered"),
    work: z.string().max(200),
    vmId,
    action: z.enum(["begin", "stop"]),
  }),
]) satisfies z.ZodType<CustomerMessage>;
