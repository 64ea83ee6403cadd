import { asksCustomersView } from "../../../decide/index.ts";
import { BelayError, type ProposedTechnique, type RepairId, repairStates } from "../../../model/index.ts";
import { sayChanged } from "../../conversation/say.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Steps } from "../../ports.ts";
import { offByHandWords } from "../off-by-hand.ts";
import { step } from "../step.ts";
import { verify } from "../verify.ts";
import { vmWork } from "../work.ts";
import { type Answered, awaitAnswer } from "./answer.ts";
import { bringBack } from "./bring-back.ts";
import { customerPart } from "./customer-part.ts";
import { endTogether } from "./end.ts";
import { fallBack, type Standing } from "./fall-back.ts";
import { diagnoseTogether } from "./joint.ts";
import { makeProposal, type Proposal } from "./offer.ts";
import { disksToKeep, dropOlderDisks } from "./older-disks.ts";
import type { Run, TogetherHelp } from "./run.ts";
import { noMoreAllowed } from "./still-allowed.ts";
import { tellProposal } from "./tell.ts";

const endedByOthers = "This repair was ended before it was done: its host failed. What follows is told anew.";

/**
 * `assisted-rebuild` and `assisted-evacuate` (paper, section III-B-2): tell the customer, agree on a way, bring the VM back, and have the
 * customer's manager finish, each within its time. Silence, or a part that fails, leads to the agreed fallback, once. Ends repaired, cleared,
 * or handed over, and the customer hears of it.
 */
export const repairTogether =
  (env: Env, options: EngineOptions, help: TogetherHelp) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    try {
      await together({ env, options, help, repair, steps });
    } catch (error) {
      // Ended by somebody else: a conversation is not left open.
      if (error instanceof BelayError && repairStates[(await vmWork(env, repair)).repair.state].ended)
        await sayChanged(env, repair, "handed-over", endedByOthers, "end");
      throw error;
    }
  };

async function together(run: Run): Promise<void> {
  const { env, repair, steps } = run;
  const handOver = (words: string) => endTogether(run, { kind: "handed-over", words });
  await steps.run("begin", () => env.store.beginRepair(repair, env.clock.now()));

  const asks = await steps.run("what failed", async () => {
    const { incident } = await vmWork(env, repair);
    return asksCustomersView(incident.cause, incident.certainty) ? incident.cause : null;
  });
  const joint = asks === null ? undefined : await diagnoseTogether(run);
  if (joint?.ok === false) return handOver(joint.words);
  if (joint?.value.kind === "concluded" && joint.value.conclusion.layer !== "vm")
    return handOver(`${joint.value.conclusion.words} So nothing is done to it.`);
  const silent = joint?.value.kind === "silent";
  if (silent && asks === "unreachable")
    return handOver(
      "The guest works, its network does not reach it, and its owner's manager said nothing in time: a restart would cost its work and cure nothing. Look at its network.",
    );

  const proposal = await steps.run<Proposal>("proposal", () => makeProposal(run));
  const { fallback, here } = proposal;
  if (silent) return fallBackFrom("Its owner's manager did not answer in time.", { kind: "untouched" });
  const told = await step(env, steps, repair, "tell the customer", () => tellProposal(run, proposal));
  if (!told.ok) return handOver(told.words);
  const answer = await step<Answered>(env, steps, repair, "answer", () => awaitAnswer(run, proposal));
  if (!answer.ok) return handOver(answer.words);
  const answered = answer.value;
  if (answered.kind === "declined") return handOver(`Its owner repairs it alone. ${answered.words}`.trimEnd());
  if (answered.kind === "silent") return fallBackFrom(answered.words, { kind: "untouched" });
  const agreed = proposal.proposed.find((it) => it.technique === answered.technique)?.words ?? "";
  await steps.run("tell what was agreed", () => sayChanged(env, repair, "agreed", `It is done as agreed. ${agreed}`));
  return asAgreed(answered.technique);

  function fallBackFrom(why: string, state: Standing["state"]): Promise<void> {
    return run.help.acting(repair, () => fallBack(run, { why, fallback, here, state }));
  }

  async function asAgreed(technique: ProposedTechnique["technique"]): Promise<void> {
    // Asked once its turn has come: that may take minutes.
    const did = await run.help.acting(repair, async () => {
      const instead = await noMoreAllowed(run, technique, "still allowed");
      return instead === undefined ? { back: await bringBack(run, technique, here) } : { instead };
    });
    if (did.instead !== undefined) return endTogether(run, did.instead);
    const { back } = did;
    if (back.kind === "not-needed") return endTogether(run, { kind: "cleared", words: back.words });
    if (back.kind === "left-off") return endTogether(run, back);
    if (back.kind === "locked") return handOver(back.words);
    if (back.kind === "failed") {
      const state = { kind: "failed", own: back.own } as const;
      // A start of its own disk that failed is not tried again.
      const untouched = (technique === "assisted-rebuild" || technique === "relocate") && back.own === null;
      return fallBackFrom(back.words, untouched ? { kind: "untouched" } : state);
    }
    const part = await customerPart(run, back.from);
    const { from, own } = back;
    const failed = (why: string) => fallBackFrom(why, { kind: "up", from, own });
    if (part.kind === "failed") return failed(part.words);
    const served = await step(env, steps, repair, "verify the service", async () => {
      const { vm } = await vmWork(env, repair);
      return verify(env, run.options, vm);
    });
    if (!served.ok) return failed(served.words);
    if ("died" in served.value && served.value.byHand)
      return endTogether(run, { kind: "left-off", words: offByHandWords });
    if ("died" in served.value) return failed(`It ${served.value.died} after its owner's manager was done.`);
    const keep = from === "image" && own !== null ? await disksToKeep(run, own) : undefined;
    const how = { image: "made anew from its image", "own-disk": "started from its own disk", checkpoint: "restored" };
    await endTogether(run, {
      kind: "repaired",
      words: `It was ${how[from]}, its owner's manager finished, and it answers again.`,
      tr: served.value.answeredAt,
    });
    if (keep !== undefined) await dropOlderDisks(run, keep);
  }
}
