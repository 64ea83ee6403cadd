import { type Cause, type Consent, type EpochMs, techniques, type Vm } from "../../model/index.ts";
import { aloneAsAgreed, askedTogether, nothingAsAgreed, type Together } from "../collaboration/partner.ts";
import { consentRefusal } from "../placement/relocation.ts";
import { asOfFailure } from "./as-of.ts";
import { type CheckpointQuestion, newestValid, restorable } from "./choose.ts";

/** Failures of which a guest in the midst of its work is the better end than one that boots. */
const restoredCauses: readonly Cause[] = ["qemu-died", "guest-panic", "hung", "host-lost", "group-failed"];

/** What is known of a VM's checkpoints. */
export interface Saved extends CheckpointQuestion {
  /** A replica of the newest one is ready on another host. */
  readonly standbyReady: boolean;
  /** It is saved together with others, and goes back with them or not at all. */
  readonly group: SavedGroup | undefined;
}

/** The VMs that go back with this one. */
export interface SavedGroup {
  readonly others: number;
  /** Why they do not: see `groupRefusal`. */
  readonly refusal: string | undefined;
  /** Its own checkpoints, newest first, of whose instant each of the others has a whole one. */
  readonly instants: CheckpointQuestion["checkpoints"];
}

export interface RollBackQuestion {
  readonly cause: Cause;
  readonly vm: { readonly consent: Consent; readonly rollbackIntolerant: boolean };
  /** undefined: nothing of it is saved regularly. */
  readonly saved: Saved | undefined;
}

export type RollBack =
  | { readonly technique: "restore-checkpoint" | "standby" | "group-restore"; readonly words: string }
  /** There are checkpoints, and why none of them is restored. */
  | { readonly notBecause: string };

/** Whether the VM goes back to a checkpoint, or why not; undefined where checkpoints have nothing to do with it. Mode and limits are asked elsewhere. */
export function planRollBack({ cause, vm, saved }: RollBackQuestion): RollBack | undefined {
  if (saved === undefined || saved.checkpoints.length === 0 || !restoredCauses.includes(cause)) return undefined;
  if (vm.rollbackIntolerant)
    return { notBecause: "Its checkpoints are left alone: its owner says that it must never go back." };
  const consent = consentRefusal(vm.consent, techniques["restore-checkpoint"].needsConsent);
  if (consent !== undefined) return { notBecause: `Its checkpoints are left alone. ${consent}` };
  if (saved.group !== undefined) return planTogether(saved, saved.group, cause);
  const newest = newestValid(saved.checkpoints);
  if (newest === undefined) return { notBecause: "Every checkpoint of it is damaged." };
  const [first] = restorable(saved, cause);
  const found = saved.checkpoints.find((it) => it.id === first);
  if (found === undefined) return { notBecause: noneOf(saved, newest.at) };
  if (cause === "host-lost" && saved.standbyReady && found === newest)
    return {
      technique: "standby",
      words: `Activate the replica that stands by, ${asOfFailure(found.at, saved.failedAt)}.`,
    };
  const where = cause === "host-lost" ? " on another host" : "";
  const which =
    found === newest
      ? `Restore its newest checkpoint${where}`
      : saved.recentRepairs > 0
        ? `It failed again soon after the last repair: restore an older checkpoint${where}`
        : `Restore the newest checkpoint from when it answered${where}`;
  return { technique: "restore-checkpoint", words: `${which}, ${asOfFailure(found.at, saved.failedAt)}.` };
}

const noneOf = ({ recentRepairs, failedAt }: Saved, newestAt: EpochMs): string =>
  recentRepairs > 0
    ? "To go back to its checkpoints did not help."
    : newestAt > failedAt
      ? "Its checkpoints may be of a guest that hung already."
      : `Its newest checkpoint is too old to go back to (${asOfFailure(newestAt, failedAt)}).`;

/** With the whole group, to an instant that is saved of each of them, or not at all. */
function planTogether(saved: Saved, { others, refusal, instants }: SavedGroup, cause: Cause): RollBack {
  if (refusal !== undefined)
    return { notBecause: `Its group goes back together or not at all, and does not: ${refusal}` };
  const [newest] = instants;
  if (newest === undefined)
    return {
      notBecause:
        "Its group goes back together, and there is no instant of which each of its VMs has a whole checkpoint.",
    };
  const [first] = restorable({ ...saved, checkpoints: instants }, cause);
  const found = instants.find((it) => it.id === first);
  if (found === undefined) return { notBecause: noneOf(saved, newest.at) };
  const group = others === 1 ? "the other VM" : `the ${others} other VMs`;
  const which = found === newest ? "to the newest instant that all have" : "to an older instant that all have";
  return {
    technique: "group-restore",
    words: `Take it and ${group} of its group back together, ${which}, ${asOfFailure(found.at, saved.failedAt)}.`,
  };
}

export type ElsewherePlan =
  | {
      readonly technique: "restore-checkpoint" | "standby" | "group-restore" | "relocate" | "assisted-evacuate";
      readonly words: string;
    }
  | { readonly refusal: string };

/** How a VM whose host is lost comes back elsewhere. Whether it may is `relocationRefusal`'s to say. */
export function planElsewhere(
  vm: Pick<Vm, "consent" | "rollbackIntolerant">,
  saved: Saved | undefined,
  /** Its owner's side, where the mode is `collaborative`. */
  together?: Together,
): ElsewherePlan {
  if (together?.reachable === true)
    return { technique: "assisted-evacuate", words: `It goes to another host. ${askedTogether}` };
  if (together?.fallback === "hand-over") return { refusal: nothingAsAgreed };
  const alone = together === undefined ? "" : ` ${aloneAsAgreed}`;
  const ownDisk = "Start it on another host, from its own disk.";
  if (together?.fallback === "own-disk") return { technique: "relocate", words: `${ownDisk}${alone}` };
  const back = planRollBack({ cause: "host-lost", vm, saved });
  if (back !== undefined && "technique" in back) return { ...back, words: `${back.words}${alone}` };
  const why = back === undefined ? "" : ` ${back.notBecause}`;
  return { technique: "relocate", words: `${ownDisk}${why}${alone}` };
}
