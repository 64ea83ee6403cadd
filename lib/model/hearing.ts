import type { ConversationMessage, CustomerMessage } from "./collaboration.ts";
import type { Repair } from "./entities.ts";
import { repairStates } from "./states.ts";
import type { EpochMs } from "./time.ts";

/**
 * Whether the provider awaits what a customer says now, from what was said before. Each answer is undefined, or the reason why not in words
 * for the customer.
 */
type Thread = readonly ConversationMessage[];

/** How much is taken of one repair, and how many of a customer's questions and answers wait at once. */
export const mostHeardOfRepair = 1000;
export const mostUnsettled = 100;

/** What customers say about a repair, by what it answers. */
type RepairMessage = Extract<CustomerMessage, { readonly repair: unknown }>;
export const isOfRepair = (message: CustomerMessage): message is RepairMessage => "repair" in message;

type AnswerKind = "repair.accepted" | "repair.chosen" | "repair.postponed" | "repair.declined";
type Answer = Extract<RepairMessage, { readonly kind: AnswerKind }>;
const isAnswer = (message: RepairMessage): message is Answer =>
  message.kind === "repair.accepted" ||
  message.kind === "repair.chosen" ||
  message.kind === "repair.postponed" ||
  message.kind === "repair.declined";

/** `thread`: what both said of this repair, in the order in which it was said. */
export function repairMessageRefusal(
  repair: Pick<Repair, "state">,
  thread: Thread,
  message: RepairMessage,
  at: EpochMs,
): string | undefined {
  if (repairStates[repair.state].ended) return "This repair has ended.";
  return isAnswer(message) ? answerRefusal(thread, message, at) : reportRefusal(thread, at);
}

function answerRefusal(thread: Thread, answer: Answer, at: EpochMs): string | undefined {
  const said = thread.findLastIndex((it) => it.message.kind === "repair.proposed");
  const proposal = thread[said]?.message;
  if (proposal?.kind !== "repair.proposed") return "Nothing was proposed for this repair.";
  let answerBy = proposal.answerBy;
  for (const { message } of thread.slice(said + 1)) {
    if (message.kind === "vm.restarted") return "The VM is started already: it is too late to choose.";
    if (message.kind === "repair.changed" && message.state !== "waiting")
      return `It is too late to choose: ${message.words}`;
    if (message.kind === "repair.accepted" || message.kind === "repair.chosen")
      return "The proposal was answered already.";
    if (message.kind === "repair.declined") return "The proposal was declined already.";
    if (message.kind === "repair.postponed") answerBy = message.until;
  }
  if (at > answerBy) return "The time for an answer is over.";
  if (answer.kind === "repair.chosen" && !proposal.techniques.some((it) => it.technique === answer.technique))
    return `${answer.technique} was not proposed.`;
  if (answer.kind === "repair.postponed" && answer.until > proposal.latest)
    return "It cannot wait for so long: `latest` of the proposal is the most.";
  return undefined;
}

/** Phases and their end: once the VM is back, until one of both sides ended it. */
function reportRefusal(thread: Thread, at: EpochMs): string | undefined {
  const said = thread.findLastIndex((it) => it.message.kind === "vm.restarted");
  const restarted = thread[said]?.message;
  if (restarted?.kind !== "vm.restarted") return "The VM was not handed over yet: there is nothing to report.";
  for (const { message } of thread.slice(said + 1)) {
    if (message.kind === "repair.completed") return "This repair was reported as completed already.";
    if (message.kind === "repair.failed") return "This repair was reported as failed already.";
    if (message.kind === "repair.changed" && message.state !== "agreed" && message.state !== "waiting")
      return `This repair goes on without the customer: ${message.words}`;
  }
  return at > restarted.finishBy ? "The time to finish is over." : undefined;
}

/** `thread`: what was said in the question's thread. */
export function diagnosisRefusal(thread: Thread, question: ConversationMessage["id"], at: EpochMs): string | undefined {
  const asked = thread.find((it) => it.id === question)?.message;
  if (asked?.kind !== "diagnosis.asked" || !("answerBy" in asked)) return "This is no question of the provider's.";
  if (thread.some(({ message }) => message.kind === "diagnosis.answered" && message.question === question))
    return "The question was answered already.";
  return at > asked.answerBy ? "The time for an answer is over." : undefined;
}

/** `thread`: what was said of this work and VM. */
export function maintenanceRefusal(
  thread: Thread,
  { work, vmId, action }: Extract<CustomerMessage, { readonly kind: "maintenance.answered" }>,
  at: EpochMs,
): string | undefined {
  const said = thread.findLastIndex(
    ({ message }) => message.kind === "maintenance.announced" && message.work === work && message.vm.id === vmId,
  );
  const announced = thread[said]?.message;
  if (announced?.kind !== "maintenance.announced") return "No such work was announced for this VM.";
  for (const { message } of thread.slice(said + 1)) {
    if (message.kind === "maintenance.ended" && message.work === work && message.vm.id === vmId)
      return "This work has ended.";
    if (message.kind === "maintenance.answered" && message.work === work && message.vmId === vmId)
      return "The announcement was answered already.";
  }
  if (!announced.actions.includes(action)) return `${action} is not among the actions that were announced.`;
  return at > announced.startsAt ? "The work has begun." : undefined;
}
