import { progressOf } from "../../../decide/index.ts";
import { type CustomerPhase, customerPhases, type EpochMs, type Vm, vmStates } from "../../../model/index.ts";
import { refOf, sayOfRepair } from "../../conversation/say.ts";
import { deadlineOf, graceMs, heardWithin } from "../../conversation/wait.ts";
import type { Env } from "../../env.ts";
import { HostUnreachable } from "../../ports.ts";
import { type StepEnd, step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import { heardOf } from "./answer.ts";
import type { Back, Run } from "./run.ts";

const stillCheckEveryMs = 2_000;

/** How a phase of the customer's ended. */
type PhaseEnd =
  | { readonly kind: "next"; readonly phase: CustomerPhase }
  | { readonly kind: "completed"; readonly words: string }
  | { readonly kind: "failed"; readonly words: string };

/** Whether the VMs of its group are on different hosts now. */
async function apartOf({ store }: Env, vm: Vm): Promise<"kept" | "not-kept" | "not-asked"> {
  if (vm.apart === null) return "not-asked";
  const beside = (await store.vmsOf(vm.hostId)).some(
    (it) => it.id !== vm.id && it.apart === vm.apart && it.organizationId === vm.organizationId,
  );
  return beside ? "not-kept" : "kept";
}

/** The VM is back: the rest is the manager's, until `finishBy`. */
async function handOn(run: Run, from: Extract<Back, { kind: "up" }>["from"], finishBy: EpochMs) {
  const { env, repair } = run;
  await sayOfRepair(env, repair, "restarted", async (vm) => {
    const image = from === "image" && vm.imageId !== null ? await env.store.image(vm.imageId) : undefined;
    const { answerCheck, generation } = vm;
    return {
      ...{ kind: "vm.restarted", repair, vm: refOf(vm), from, generation, finishBy },
      address: vm.address ?? (answerCheck.kind === "agent" ? null : answerCheck.address),
      image: image?.name ?? null,
      apart: await apartOf(env, vm),
    };
  });
}

/** Why the manager cannot go on: the VM ended again; undefined while it runs, or cannot be asked. */
async function gone({ hypervisor }: Env, vm: Vm): Promise<string | undefined> {
  try {
    const sight = await hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight !== undefined && vmStates[sight.state].alive) return undefined;
    return `The VM ${sight === undefined ? "vanished" : `was ${sight.state} (${sight.reason})`} in the middle of it.`;
  } catch (error) {
    if (error instanceof HostUnreachable) return undefined;
    throw error;
  }
}

/** `deadlineMs`: `finishBy` on the clock that is never set. */
async function duringPhase(
  { env, repair }: Run,
  phase: CustomerPhase,
  finishBy: EpochMs,
  deadlineMs: number,
): Promise<StepEnd<PhaseEnd>> {
  const { clock } = env;
  let lookedAt = clock.monotonicMs();
  const failed = (words: string): StepEnd<PhaseEnd> => ({ ok: true, words, value: { kind: "failed", words } });
  const look = async (now: EpochMs): Promise<StepEnd<PhaseEnd> | undefined> => {
    const progress = progressOf(finishBy, await heardOf(env, repair), now);
    switch (progress.kind) {
      case "completed":
        return { ok: true, words: progress.words || "Done.", value: progress };
      case "failed":
        return failed(`Its owner's manager failed: ${progress.words}`);
      case "late":
        return failed(progress.words);
      case "at-work":
        return customerPhases.indexOf(progress.phase) > customerPhases.indexOf(phase)
          ? {
              ok: true,
              words: `Its owner's manager goes on: ${progress.phase}.`,
              value: { kind: "next", phase: progress.phase },
            }
          : undefined;
    }
  };
  const found = await heardWithin<StepEnd<PhaseEnd>>(
    env,
    () => deadlineMs,
    async () => {
      const { vm } = await vmWork(env, repair);
      const ended = await notOurs(env, repair, vm);
      if (ended !== undefined) return { ok: false, words: ended };
      const end = await look(clock.monotonicMs() >= deadlineMs ? Number.POSITIVE_INFINITY : clock.now() - graceMs);
      if (end !== undefined || clock.monotonicMs() < lookedAt + stillCheckEveryMs) return end;
      lookedAt = clock.monotonicMs();
      const words = await gone(env, vm);
      return words === undefined ? undefined : failed(words);
    },
  );
  return found ?? (await look(Number.POSITIVE_INFINITY)) ?? failed("Its owner's manager did not finish in time.");
}

/**
 * The customer's part of the repair: their manager deploys, starts and synchronises its servers (paper, section III-B-2). Each phase is a step of
 * its own, so that people see how far it is. Ends by the manager's word, or when its time is over.
 */
export async function customerPart(
  run: Run,
  from: Extract<Back, { kind: "up" }>["from"],
): Promise<{ readonly kind: "completed" | "failed"; readonly words: string }> {
  const { env, repair, steps } = run;
  const finishBy = await steps.run("finish by", async () => {
    const { vm } = await vmWork(env, repair);
    return env.clock.now() + (await env.store.agreementOf(vm.id)).finishWithinMs;
  });
  const handed = await step<null>(env, steps, repair, "hand to the customer", async () => {
    await handOn(run, from, finishBy);
    return { ok: true, words: "The VM is back. Its owner's manager does the rest.", value: null };
  });
  if (!handed.ok) return { kind: "failed", words: handed.words };
  // One for all phases, in this life of Belay: the time of day may be set back between two of them.
  const { finishWithinMs } = await env.store.agreementOf((await vmWork(env, repair)).vm.id);
  const deadlineMs = deadlineOf(env, finishBy, finishWithinMs);
  let phase: CustomerPhase = "deploying";
  for (;;) {
    const now: CustomerPhase = phase;
    const end: StepEnd<PhaseEnd> = await step<PhaseEnd>(env, steps, repair, `customer: ${now}`, () =>
      duringPhase(run, now, finishBy, deadlineMs),
    );
    if (!end.ok) return { kind: "failed", words: end.words };
    if (end.value.kind !== "next") return end.value;
    phase = end.value.phase;
  }
}
