import type {
  ApplicationView,
  CheckpointLimitsView,
  CheckpointStatusView,
  CheckpointView,
  VmView,
} from "../contract/index.ts";
import {
  type CaptureMethod,
  checkpointCaveats,
  checkpointEveryMsOf,
  intervalWords,
  type ProtectionMode,
  vmStates,
  withinCheckpointLimits,
} from "../model/index.ts";
import { agoWords } from "./durations.ts";

/** How a VM's saved states stand, in words; computed from the clock of now, so that a status that grew old is not shown as good. */
export interface CheckpointLine {
  /** `off`: none are wanted. `waiting`: neither good nor bad yet. `bad`: not protected as was chosen. */
  readonly kind: "off" | "waiting" | "good" | "bad";
  /** "Saved 4 s ago", "Not protected" */
  readonly label: string;
  readonly words: string;
}

interface Chosen {
  readonly vm: Pick<VmView, "checkpointEveryMs">;
  /** undefined for a VM of no application: it has the provider's protection. */
  readonly application: Pick<ApplicationView, "mode" | "checkpointEveryMs"> | undefined;
}

export interface CheckpointQuestion extends Chosen {
  readonly vm: Pick<VmView, "checkpointEveryMs" | "state" | "wanted" | "stateSince">;
  readonly status: CheckpointStatusView | undefined;
  /** How seldom the server tells newer times alone. */
  readonly toldEveryMs: number;
  /** What the provider offers now: the nearest to what was chosen holds. */
  readonly limits: CheckpointLimitsView;
}

/** Why checkpoints cannot be chosen in a mode; undefined where they can. */
export const noCheckpointsIn = (mode: ProtectionMode): string | undefined =>
  mode === "none"
    ? "Protection is off for this application, so nothing is saved."
    : mode === "customer"
      ? "Its owner repairs this application alone, as they chose, so the provider saves nothing."
      : undefined;

/** The interval that was chosen: the VM's own, else its application's. null: none. */
export const intervalOf = ({ vm, application }: Chosen): number | null => checkpointEveryMsOf(vm, application);

const holdingMs = (everyMs: number, { leastMs, mostMs }: CheckpointLimitsView): number =>
  withinCheckpointLimits(everyMs, { checkpointLeastMs: leastMs, checkpointMostMs: mostMs });

/** A connection may stand still for a moment, and clocks differ. */
const slackMs = 10_000;
/** The first checkpoint holds everything, and takes its time. */
const firstMs = 120_000;

const unprotected = "Not protected by checkpoints:";

/** Seconds exactly where they matter, rougher after that. */
const ago = (ms: number) => (ms < 60_000 ? `${Math.max(0, Math.floor(ms / 1000))} s ago` : `${agoWords(ms)} ago`);

export function checkpointLine(question: CheckpointQuestion, now: number): CheckpointLine {
  const { vm, status, toldEveryMs, limits } = question;
  const chosenMs = intervalOf(question);
  const lastAt = status?.lastAt ?? null;
  const last = lastAt === null ? "" : ` Last saved ${ago(now - lastAt)}.`;
  const bad = (label: string, words: string): CheckpointLine => ({ kind: "bad", label, words: words + last });
  if (chosenMs === null)
    return {
      kind: "off",
      label: "Not saved",
      words: lastAt === null ? "" : `any more. Last saved ${ago(now - lastAt)}.`,
    };
  const everyMs = holdingMs(chosenMs, limits);
  const every = `every ${intervalWords(everyMs)}${everyMs === chosenMs ? "" : `, the nearest to ${intervalWords(chosenMs)} that is offered`}`;
  if (vm.wanted === "stopped" || !vmStates[vm.state].alive)
    return { kind: "waiting", label: `To be saved ${every}`, words: `as soon as it runs.${last}` };
  const method = status?.offer?.method ?? null;
  // From then on it is not what was chosen any more, whatever the server said last.
  const staleAfterMs = 2 * everyMs + (status?.tookMs ?? 0) + toldEveryMs + slackMs;
  const isFresh = lastAt !== null && now - lastAt <= staleAfterMs;
  if (status?.trouble != null) return bad(isFresh ? "Not saved as chosen:" : unprotected, status.trouble);
  if (status?.offer != null && method === null) return bad(unprotected, status.offer.words);
  if (lastAt === null && now - vm.stateSince <= staleAfterMs + firstMs)
    return { kind: "waiting", label: "Not saved yet:", words: `the first checkpoint is on its way, then ${every}.` };
  if (lastAt === null) return bad(unprotected, `nothing was saved yet, though it should be ${every}.`);
  if (!isFresh) return bad(unprotected, `it should be saved ${every}.`);
  const kept = status?.keptEveryMs ?? null;
  const really = kept !== null && kept > 1.5 * everyMs + 1_000 ? ` chosen, ${intervalWords(kept)} kept` : "";
  return { kind: "good", label: `Saved ${ago(now - lastAt)}`, words: `· ${every}${really} · ${methodWords(method)}` };
}

/** "2 of 3 VMs saved as chosen"; undefined where none of them is to be saved. Those that do not run are not counted. */
export function savedWords(questions: readonly CheckpointQuestion[], now: number): string | undefined {
  const lines = questions.map((it) => checkpointLine(it, now)).filter(({ kind }) => kind === "good" || kind === "bad");
  if (lines.length === 0) return undefined;
  const good = lines.filter(({ kind }) => kind === "good").length;
  return `${good} of ${lines.length} ${lines.length === 1 ? "VM" : "VMs"} saved as chosen`;
}

const shortMethods: Record<CaptureMethod, string> = {
  background: "background",
  live: "live",
  stop: "guest stopped for it",
  "disk-only": "disks only",
};
export const methodWords = (method: CaptureMethod | null): string =>
  method === null ? "method not known yet" : shortMethods[method];

/** What is lost by going back to a checkpoint: everything since, by name. */
export const lossWords = (name: string, at: number, now: number): string =>
  `Everything that ${name} did in the last ${intervalWords(Math.max(1_000, Math.floor((now - at) / 1_000) * 1_000))} is lost: what was written to its disks, and what was only in its memory.`;

/** Why nothing is restored without a person's word; undefined where it is. */
export const restoredByHandOnly = (vm: Pick<VmView, "consent" | "rollbackIntolerant">): string | undefined =>
  checkpointCaveats({ ...vm, checkpointEveryMs: null }, undefined)[0];

/** Whether a failure would be repaired by its newest checkpoint, as the planner has it (lib/decide). */
export const goesBack = (
  question: Chosen & { readonly vm: VmView; readonly status: CheckpointStatusView | undefined },
) =>
  intervalOf(question) !== null &&
  question.status?.lastAt != null &&
  // What keeps its whole group from going back is said as its trouble.
  (question.vm.checkpointGroup === null || question.status.trouble === null) &&
  restoredByHandOnly(question.vm) === undefined;

/** Checked lately, not since it was written, or found damaged. */
export const verifiedWords = (
  { state, verifiedAt }: Pick<CheckpointView, "state" | "verifiedAt">,
  now: number,
): string =>
  state === "damaged"
    ? "Damaged"
    : verifiedAt === null
      ? "Not verified yet"
      : `Verified ${agoWords(now - verifiedAt)} ago`;

/** What people choose between; `null` is "as its application", 0 is off. */
export const intervalChoices = [0, 1_000, 7_000, 30_000, 60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000] as const;
