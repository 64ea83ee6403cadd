import type { z } from "zod";
import type { providerMessage } from "../../contract/index.ts";
import { serversOn } from "../description/index.ts";
import type { Context } from "./context.ts";
import type { CustomerWords } from "./state.ts";

export type Proposal = Extract<z.infer<typeof providerMessage>, { kind: "repair.proposed" }>;

export type Answer =
  | { readonly is: "say"; readonly message: CustomerWords }
  /** `later` is said at `until`. */
  | { readonly is: "postpone"; readonly until: number; readonly words: string; readonly later: CustomerWords }
  | { readonly is: "silent"; readonly why: string };

/** The customer's policy, `answers` in the description, on a proposal. `again`: it was postponed before. */
export function answerTo(proposal: Proposal, again: boolean, context: Context): Answer {
  const { description, now } = context;
  const { answers } = description;
  const vm = context.vmNamed(proposal.vm);
  if (now >= proposal.answerBy) return { is: "silent", why: "The proposal's deadline had passed." };
  if (vm === undefined) return { is: "silent", why: "The VM is in no description of this manager." };
  const { repair } = proposal;
  if (answers.decline.includes(vm))
    return {
      is: "say",
      message: {
        kind: "repair.declined",
        repair,
        words: "The manager's description keeps this VM's repair to its owner.",
      },
    };

  const intolerant = serversOn(description, vm).filter(
    (server) => (server.rollback ?? (server.state === "stateful" ? "never" : "tolerated")) === "never",
  );
  const allowed = proposal.techniques.filter(
    ({ technique }) => technique !== "restore-checkpoint" || intolerant.length === 0,
  );
  const chosen =
    answers.prefer.find((name) => allowed.some(({ technique }) => technique === name)) ?? allowed[0]?.technique;
  if (chosen === undefined)
    return {
      is: "say",
      message: {
        kind: "repair.declined",
        repair,
        words: `${intolerant.map(({ name }) => name).join(", ")} may not go back to an older state.`,
      },
    };
  const message: CustomerWords =
    chosen === proposal.techniques[0]?.technique
      ? { kind: "repair.accepted", repair }
      : { kind: "repair.chosen", repair, technique: chosen };

  const wait = answers.postpone;
  const until = Math.min(now + (wait?.seconds ?? 0) * 1000, proposal.latest);
  return wait !== undefined && !again && wait.vms.includes(vm) && until > now
    ? { is: "postpone", until, words: "The manager's description asks to wait first.", later: message }
    : { is: "say", message };
}
