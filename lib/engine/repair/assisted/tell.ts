import type { RepairId } from "../../../model/index.ts";
import { refOf, sayOfRepair } from "../../conversation/say.ts";
import type { Env } from "../../env.ts";
import type { StepEnd } from "../step.ts";
import { vmWork } from "../work.ts";
import type { Proposal } from "./offer.ts";
import type { Run } from "./run.ts";

const evidenceAtMost = 20;

/** That it failed, with what may be said of it to its owner. */
export async function tellFailure(env: Env, repair: RepairId): Promise<void> {
  const { incident } = await vmWork(env, repair);
  const evidence = incident.evidence.filter((it) => it.audience === "all").slice(-evidenceAtMost);
  await sayOfRepair(env, repair, "failed", (vm) => ({
    kind: "vm.failed",
    vm: refOf(vm),
    applicationId: vm.applicationId,
    layer: incident.layer,
    cause: incident.cause,
    certainty: incident.certainty,
    words: incident.words,
    since: incident.tp,
    evidence: evidence.map(({ at, words }) => ({ at, words })),
  }));
}

/** What failed, and what is proposed. */
export async function tellProposal({ env, repair }: Run, proposal: Proposal): Promise<StepEnd<null>> {
  const { proposed, answerBy, latest, fallback } = proposal;
  if (proposed.length === 0)
    return { ok: false, words: "What its owner allows leaves nothing that would help. It is left as it is." };
  await tellFailure(env, repair);
  await sayOfRepair(env, repair, "proposed", (vm) => ({
    ...{ kind: "repair.proposed", repair, vm: refOf(vm), techniques: proposed, answerBy, latest, fallback },
  }));
  const ways = proposed.length === 1 ? "One way is" : `${proposed.length} ways are`;
  return { ok: true, words: `Its owner's manager is told. ${ways} proposed.`, value: null };
}
