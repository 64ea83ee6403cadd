import { type CustomerPhase, customerPhases, type EpochMs } from "../../model/index.ts";
import type { HeardAt } from "./answer.ts";

export type Progress =
  | { readonly kind: "at-work"; readonly phase: CustomerPhase; readonly words: string }
  | { readonly kind: "completed"; readonly words: string }
  | { readonly kind: "failed"; readonly words: string }
  | { readonly kind: "late"; readonly words: string };

/**
 * How far the customer's manager is, once the VM is back. It deploys first, whether or not it says so. A manager that died and began anew
 * may report an earlier phase again: what was reached stays reached. What is said after `finishBy` does not count.
 */
export function progressOf(finishBy: EpochMs, heard: readonly HeardAt[], now: EpochMs): Progress {
  let reached = 0;
  let words = "";
  for (const { at, message } of heard) {
    if (at > finishBy) break;
    if (message.kind === "repair.completed") return { kind: "completed", words: message.words };
    if (message.kind === "repair.failed") return { kind: "failed", words: message.words };
    if (message.kind !== "repair.phase") continue;
    const index = customerPhases.indexOf(message.phase);
    if (index < reached) continue;
    reached = index;
    words = message.words;
  }
  if (now >= finishBy) return { kind: "late", words: "Its owner's manager did not finish in time." };
  return { kind: "at-work", phase: customerPhases[reached] ?? "deploying", words };
}
