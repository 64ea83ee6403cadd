import { z } from "zod";

const vm = z.string();
const manager = z.string().default("manager");
const ms = z.int().min(0);

/** What a customer's manager does from now on, where it is not told otherwise: it agrees, and finishes. */
export const managerPlan = z.strictObject({
  answer: z.enum(["accept", "choose", "postpone", "decline", "silent"]).default("accept"),
  /** What it chooses. */
  technique: z.enum(["assisted-rebuild", "revive-vm", "relocate", "restore-checkpoint"]).default("revive-vm"),
  /** From a proposal until its answer. */
  answerMs: ms.default(300),
  /** For how long it asks to wait, and when in it, from the proposal on, it agrees; null: never. */
  postponeMs: ms.default(20_000),
  agreesAfterMs: ms.nullable().default(null),
  /** How long each of its phases takes. */
  phaseMs: ms.default(2_000),
  /** What becomes of its part; `stalls`: it says nothing more after its first phase. */
  end: z.enum(["completes", "fails", "stalls"]).default("completes"),
  /** Says everything twice, under the same id and under another one. */
  doubles: z.boolean().default(false),
  /** What its sensors see of a VM that the provider asks about; `nothing`: it does not answer. */
  sees: z.enum(["dead-vm", "dead-server", "well", "unsure", "nothing"]).default("nothing"),
  /** What it says to work that is announced. */
  maintenance: z.enum(["begin", "stop", "silent"]).default("silent"),
});
export type ManagerPlan = z.output<typeof managerPlan>;

/** What befalls managers of customers, each named by a VM of its owner's. */
export const managerAction = z.discriminatedUnion("do", [
  /** A run of it begins: it claims to be the one that is heard, and goes on with what its last run left. */
  z.strictObject({ do: z.literal("manager-starts"), vm, manager, plan: managerPlan.prefault({}) }),
  z.strictObject({ do: z.literal("manager-dies"), vm, manager }),
  z.strictObject({ do: z.literal("manager-will"), vm, manager, plan: managerPlan.prefault({}) }),
  /** Servers in the VM do not work, and its sensors say so; or do again. */
  z.strictObject({ do: z.literal("service-fails"), vm, manager }),
  z.strictObject({ do: z.literal("service-mended"), vm, manager }),
]);
export type ManagerAction = z.infer<typeof managerAction>;
