import { concludeTogether, type JointConclusion, type MessageId, type ProviderView } from "../../../model/index.ts";
import { refOf, sayOfRepair } from "../../conversation/say.ts";
import { deadlineOf, heardWithin } from "../../conversation/wait.ts";
import { type StepEnd, step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import type { Run } from "./run.ts";
import { tellFailure } from "./tell.ts";

export type Joint =
  | { readonly kind: "concluded"; readonly conclusion: JointConclusion; readonly answer: MessageId }
  | { readonly kind: "silent" };

const seenAs = (cause: string): ProviderView => ({ host: "well", vm: cause === "hung" ? "hung" : "unreachable" });

/**
 * The provider alone is not sure: the customer's sensors are asked, and both conclude by the published table. Nothing is done to the VM
 * before that, or before their time is over.
 */
export async function diagnoseTogether(run: Run): Promise<StepEnd<Joint>> {
  const { env, repair, steps } = run;
  const { store, clock } = env;
  const asked = await steps.run("question", async () => {
    const { vm, incident } = await vmWork(env, repair);
    const { answerWithinMs } = await store.agreementOf(vm.id);
    return { answerBy: clock.now() + answerWithinMs, view: seenAs(incident.cause) };
  });
  const joint = await step<Joint>(env, steps, repair, "ask the customer", async () => {
    await tellFailure(env, repair);
    const question = await sayOfRepair(env, repair, "question", (vm) => ({
      ...{ kind: "diagnosis.asked", vm: refOf(vm), provider: asked.view, answerBy: asked.answerBy },
    }));
    const { answerWithinMs } = await store.agreementOf((await vmWork(env, repair)).vm.id);
    const deadlineMs = deadlineOf(env, asked.answerBy, answerWithinMs);
    const found = await heardWithin<StepEnd<Joint>>(
      env,
      () => deadlineMs,
      async () => {
        const { vm } = await vmWork(env, repair);
        const ended = await notOurs(env, repair, vm);
        if (ended !== undefined) return { ok: false, words: ended };
        for (const { id, at, message } of await store.unsettled()) {
          if (message.kind !== "diagnosis.answered" || message.question !== question || at > asked.answerBy) continue;
          const conclusion = concludeTogether(asked.view, message.customer);
          return { ok: true, words: conclusion.words, value: { kind: "concluded", conclusion, answer: id } };
        }
        return undefined;
      },
    );
    return found ?? { ok: true, words: "Its owner's manager said nothing in time.", value: { kind: "silent" } };
  });
  if (joint.ok && joint.value.kind === "concluded") {
    const { answer } = joint.value;
    await steps.run("answer heard", () => store.settle(answer, clock.now()));
  }
  return joint;
}
