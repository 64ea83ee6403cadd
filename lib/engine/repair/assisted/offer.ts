import { type Offer, proposedTechniques } from "../../../decide/index.ts";
import type { Fallback, ProposedTechnique } from "../../../model/index.ts";
import { savedOf } from "../../checkpoints/saved.ts";
import { imageFor } from "../../conversation/image.ts";
import { vmWork } from "../work.ts";
import type { Run } from "./run.ts";

/** What is proposed for this repair. Plain data: it is journalled before it is said, so that it is said once with one deadline. */
export interface Proposal extends Offer {
  readonly proposed: readonly ProposedTechnique[];
  readonly fallback: Fallback;
  /** Its own host carries VMs, and may take it again. */
  readonly here: boolean;
}

const names = ["assisted-rebuild", "restore-checkpoint", "revive-vm", "relocate"] as const;

export async function makeProposal({ env, help, repair }: Run): Promise<Proposal> {
  const { store, clock } = env;
  const { vm, incident, repair: row } = await vmWork(env, repair);
  const host = await store.host(vm.hostId);
  const here = host?.standing === "in-use" && incident.partOf === null && row.technique === "assisted-rebuild";
  const [agreement, policy, image, saved] = await Promise.all([
    store.agreementOf(vm.id),
    store.policy(),
    imageFor(env, vm),
    savedOf(env, vm, incident.tp, { within: incident }),
  ]);
  const place = here ? (await help.places.placeAll([vm], new Set([vm.hostId]))).get(vm.id) : undefined;
  const took = new Map<string, readonly number[]>();
  for (const name of names)
    took.set(name, await store.tookMs(name === "assisted-rebuild" ? row.technique : name, vm.id));
  const proposed = proposedTechniques({
    ...{ cause: incident.cause, vm, image, saved, hostLives: here, failedAt: incident.tp },
    otherHost: place !== undefined && "host" in place,
    tookMs: (technique) => took.get(technique) ?? [],
  });
  const now = clock.now();
  return {
    ...{ proposed, here, fallback: agreement.fallback },
    techniques: proposed.map((it) => it.technique),
    answerBy: now + agreement.answerWithinMs,
    latest: now + Math.max(policy.answerMostMs, agreement.answerWithinMs),
  };
}
