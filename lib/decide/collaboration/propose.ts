import {
  type Cause,
  consentCovers,
  type EpochMs,
  type Image,
  type ProposedTechnique,
  techniques,
  type Vm,
} from "../../model/index.ts";
import { asOfFailure } from "../checkpoints/as-of.ts";
import { restorable } from "../checkpoints/choose.ts";
import { planRollBack, type Saved } from "../checkpoints/plan-roll-back.ts";

/** Failures that one hypervisor call mends, with nothing lost: nobody would make the VM anew for them. */
const mild: readonly Cause[] = ["paused", "suspended", "paused-io-error"];

export interface ProposalQuestion {
  readonly cause: Cause;
  readonly vm: Pick<Vm, "consent" | "rollbackIntolerant">;
  /** What it was made from; undefined where that is not known, or not kept any more. */
  readonly image: Pick<Image, "name"> | undefined;
  readonly saved: Saved | undefined;
  /** Its host carries VMs, and its failure is not what the VM is repaired for. */
  readonly hostLives: boolean;
  /** Another host could take it. Matters only where its own lives. */
  readonly otherHost: boolean;
  readonly failedAt: EpochMs;
  /** What such repairs took before, newest first. */
  readonly tookMs: (technique: ProposedTechnique["technique"]) => readonly number[];
}

const median = (all: readonly number[]): number | null => {
  const sorted = [...all].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
};

type Way = Pick<ProposedTechnique, "technique" | "words" | "loses">;

function anew({ vm, image, hostLives }: ProposalQuestion): Way | undefined {
  if (image === undefined || !consentCovers(vm.consent, "recreate")) return undefined;
  return {
    technique: "assisted-rebuild",
    words: `Make it anew from the image ${image.name}${hostLives ? "" : ", on another host"}: same features, same address.`,
    loses:
      "Everything that was written to its disk since it was made from the image. Its old disk is kept until the repair has ended well.",
  };
}

function fromCheckpoint(question: ProposalQuestion): Way | undefined {
  const { saved, hostLives, failedAt } = question;
  const cause = hostLives ? question.cause : "host-lost";
  const back = planRollBack({ cause, vm: question.vm, saved });
  // With a group the others would go back too, and this is agreed on for one VM.
  if (back === undefined || !("technique" in back) || saved === undefined || back.technique === "group-restore")
    return undefined;
  const [first] = restorable(saved, cause);
  const at = saved.checkpoints.find((it) => it.id === first)?.at;
  const since = at === undefined ? "since it was saved" : `since its state ${asOfFailure(at, failedAt)}`;
  return { technique: "restore-checkpoint", words: back.words, loses: `What it did ${since}.` };
}

function fromOwnDisk({ vm, cause, hostLives, otherHost }: ProposalQuestion): Way[] {
  const ways: Way[] = [];
  const memory = "What was only in its memory.";
  if (hostLives && cause !== "unreachable" && consentCovers(vm.consent, techniques["revive-vm"].needsConsent))
    ways.push(
      mild.includes(cause)
        ? { technique: "revive-vm", words: "Let it go on as it is, on its host.", loses: "Nothing." }
        : { technique: "revive-vm", words: "Start it again on its host, from its own disk.", loses: memory },
    );
  if ((!hostLives || otherHost) && consentCovers(vm.consent, techniques.relocate.needsConsent))
    ways.push({ technique: "relocate", words: "Start it on another host, from its own disk.", loses: memory });
  return ways;
}

/**
 * What may be done for this VM, the provider's choice first: as its owner's consent, the image, and what is saved of it allow. Making it anew
 * comes first where the owner allows it, for the manager then starts from a known state (paper, section III-B-2).
 */
export function proposedTechniques(question: ProposalQuestion): readonly ProposedTechnique[] {
  const made = anew(question);
  const saved = question.cause === "unreachable" ? undefined : fromCheckpoint(question);
  const own = fromOwnDisk(question);
  const ways = mild.includes(question.cause) && question.hostLives ? [...own, saved, made] : [made, saved, ...own];
  return ways.flatMap((way) =>
    way === undefined ? [] : [{ ...way, expectedMs: median(question.tookMs(way.technique)) }],
  );
}
