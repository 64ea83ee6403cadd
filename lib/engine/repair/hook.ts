import type { Hook, RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { HookRunner, Steps } from "../ports.ts";
import { type StepEnd, step } from "./step.ts";
import { verify } from "./verify.ts";
import { notOurs, type VmWork, vmWork } from "./work.ts";

/** What is kept of a program's output: its end, where the reason usually stands. */
const keptBytes = 16 * 1024;

export function lastBytes(text: string, bytes: number): string {
  const all = new TextEncoder().encode(text);
  if (all.length <= bytes) return text;
  // The first character may be cut in the middle: it is left out.
  return new TextDecoder().decode(all.subarray(all.length - bytes)).replace(/^\uFFFD+/, "");
}

const factsOf = ({ repair, incident, host, vm }: VmWork) => ({
  cause: incident.cause,
  layer: incident.layer,
  incident: incident.id,
  repair: repair.id,
  vm: vm.name,
  vmUuid: vm.uuid,
  host: host.name,
  hostUri: host.uri,
  words: incident.words,
});

/** How the program ended, in words that the VM's owner may read; its output is the provider's. */
function ending(hook: Hook, ran: Awaited<ReturnType<HookRunner["run"]>>): StepEnd<null> {
  const detail = `${hook.program}\n${lastBytes(ran.output.trimEnd(), keptBytes - hook.program.length - 1)}`;
  if (ran.timedOut)
    return { ok: false, words: `The provider's program did not end within ${hook.timeoutMs / 1000} s.`, detail };
  if (ran.exitCode === 0) return { ok: true, words: "The provider's program ended well.", value: null, detail };
  const how = ran.exitCode === null ? "was ended by a signal" : `ended with exit code ${ran.exitCode}`;
  return { ok: false, words: `The provider's program ${how}.`, detail };
}

/**
 * `hook`: the provider's own program is the repair. It is run, its output is kept, and then the guest is asked: the repair has succeeded when the
 * guest answers. A program that fails leaves the VM to a person; Belay does not try its own hand after it. A crash in the middle runs it
 * again, so a program must bear to be run twice for one repair (`BELAY_REPAIR` is the same).
 */
export const hookRepair =
  (env: Env, options: EngineOptions) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const handOver = (words: string) =>
      steps.run("hand over", () =>
        store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now()),
      );

    const ran = await step<null>(env, steps, repair, "run", async () => {
      const work = await vmWork(env, repair);
      const ended = await notOurs(env, repair, work.vm);
      if (ended !== undefined) return { ok: false, words: ended };
      const hooks = await store.hooks();
      const hook = hooks.find((it) => it.enabled && it.role === "instead" && it.cause === work.incident.cause);
      if (hook === undefined)
        return { ok: false, words: "The provider's program for this failure was taken away before it was run." };
      return ending(hook, await env.hooks.run(hook, factsOf(work)));
    });
    if (!ran.ok) return handOver(ran.words);

    const answer = await step(env, steps, repair, "verify", async () =>
      verify(env, options, (await vmWork(env, repair)).vm),
    );
    if (!answer.ok) return handOver(`The provider's program ended well. ${answer.words}`);
    if ("died" in answer.value)
      return handOver(`The provider's program ended well, and the VM ${answer.value.died} before it answered.`);
    const tr = answer.value.answeredAt;
    return steps.run("end", () =>
      store.endRepair(
        repair,
        {
          state: "succeeded",
          incident: "repaired",
          words: "The provider's program ran, and the guest answers again.",
          tr,
        },
        clock.now(),
      ),
    );
  };
