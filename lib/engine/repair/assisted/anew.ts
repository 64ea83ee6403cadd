import type { Image } from "../../../model/index.ts";
import { vmStates } from "../../../model/index.ts";
import { ceaseCapture } from "../../checkpoints/in-hand.ts";
import { filesOf, imageFor } from "../../conversation/image.ts";
import { HypervisorRefused } from "../../ports.ts";
import { type Bringing, elsewhere } from "../elsewhere.ts";
import { goneFromHome } from "../gone-from-home.ts";
import { startFromDisk } from "../relocate.ts";
import { type OwnDisk, ownDiskAsRead, ownDiskHere } from "../restore/own-disk.ts";
import { retry, type Try } from "../retry.ts";
import { notHere, reviveRounds } from "../revive-rounds.ts";
import { type Start, startThere } from "../start-there.ts";
import { type StepEnd, step } from "../step.ts";
import { guestChecks, verify } from "../verify.ts";
import { notOurs, vmWork } from "../work.ts";
import { askGuest } from "./asking.ts";
import { keptOwnDisk, withOwnDisk } from "./kept-disk.ts";
import { type Back, notElsewhere, type Run } from "./run.ts";

/** A refusal may come from what the hypervisor is still clearing away. */
const refusalsAtMost = 3;
const noImage = "The image that it was made from is not there any more.";

/** `well`: it answers, so nothing is switched off. */
type Off = "off" | "well";

/** Off, on its own host, unless it came back by itself meanwhile. */
async function switchOff({ env, options, repair }: Run): Promise<StepEnd<Off>> {
  const { vm: failed, incident } = await vmWork(env, repair);
  await ceaseCapture(env, failed.id, 0);
  const end = await retry<StepEnd<Off>>(env, options.reviveWithinMs, async () => {
    const { vm, definition } = await vmWork(env, repair);
    const taken = await notHere(env, repair, vm);
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    const gone = sight === undefined ? await goneFromHome(env, vm, incident) : undefined;
    if (gone !== undefined) return { came: { ok: false, words: gone } };
    if (sight?.state === "stopping") return { trouble: "The hypervisor is busy with it." };
    if (sight?.state === "stopped" && sight.reason === "migrated")
      return { came: { ok: false, words: "It went to another host." } };
    if (sight === undefined || !vmStates[sight.state].alive)
      return { came: { ok: true, words: "It does not run.", value: "off" } };
    const checks = incident.cause === "unreachable" ? [vm.answerCheck] : guestChecks(vm);
    const answers = await Promise.all(checks.map((check) => env.prober.answers(vm, check, 2_000)));
    if (sight.state === "running" && answers.includes(true))
      return { came: { ok: true, words: "It runs and answers by now.", value: "well" } };
    const { words, done } = await env.hypervisor.act(vm.hostId, vm.uuid, "switch-off", definition ?? undefined);
    return { trouble: words, again: done }; // the next look tells whether it took
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

/** `runs`: somebody started it meanwhile, and it is left as it is. */
type Renewed = "fresh" | "runs";

/** Made anew on its own host: a fresh disk from its image beside the old one, which is kept, and its own definition with that. */
async function renewHere({ env, options, repair }: Run, own: OwnDisk): Promise<StepEnd<Renewed>> {
  const { provisioner, hypervisor, store, clock } = env;
  let refusals = 0;
  const end = await retry<StepEnd<Renewed>>(env, options.reviveWithinMs, async (): Promise<Try<StepEnd<Renewed>>> => {
    const { vm } = await vmWork(env, repair);
    const taken = await notHere(env, repair, vm);
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const image = await imageFor(env, vm);
    if (image === undefined) return { came: { ok: false, words: noImage } };
    const sight = await hypervisor.readDomain(vm.hostId, vm.uuid);
    if (sight !== undefined && vmStates[sight.state].alive)
      return {
        came: { ok: true, words: `It is ${sight.state} (${sight.reason}): somebody started it.`, value: "runs" },
      };
    try {
      const { definition, diskPaths, words } = await provisioner.renewDisk(vm.hostId, vm, own.xml, image, repair);
      const made = { xml: definition, diskPaths, persistent: own.persistent };
      await hypervisor.defineAgain(vm.hostId, vm.uuid, made, vm.generation);
      await store.recordRebuilt(vm.id, definition, diskPaths, clock.now());
      return { came: { ok: true, words: fresh(image), detail: words, value: "fresh" } };
    } catch (error) {
      if (!(error instanceof HypervisorRefused) || ++refusals < refusalsAtMost) throw error;
      return { came: { ok: false, words: "No fresh disk could be made for it.", detail: error.message } };
    }
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

const fresh = (image: Image) => `It has a fresh disk from the image ${image.name}. Its old disk is kept.`;

/** `assisted-rebuild` on the VM's own host. */
export async function anewHere(run: Run): Promise<Back> {
  const { env, options, repair, steps } = run;
  const off = await step(env, steps, repair, "switch off", () => switchOff(run));
  if (!off.ok) return { kind: "failed", words: off.words, own: null };
  if (off.value === "well") return { kind: "not-needed", words: "It was well again before Belay touched it." };
  const own = await step<OwnDisk>(env, steps, repair, "own disk", async () =>
    withOwnDisk((await keptOwnDisk(run)) ?? (await ownDiskHere(env, options, repair))),
  );
  if (!own.ok) return { kind: "failed", words: own.words, own: null };
  const renewed = await step(env, steps, repair, "new disk", () => renewHere(run, own.value));
  if (!renewed.ok) return { kind: "failed", words: renewed.words, own: own.value };
  if (renewed.value === "runs") return { kind: "not-needed", words: "Somebody started it before it was made anew." };
  const first = { needed: true, offByUs: true } as const;
  const rounds = await reviveRounds(env, options, repair, steps, first, true, "", askGuest);
  if (rounds.kind === "answers") return { kind: "up", from: "image", own: own.value };
  return rounds.kind === "left-off" ? rounds : { kind: "failed", words: rounds.words, own: own.value };
}

/** The same on another host, once it is proven that it cannot run on its old one. */
export async function anewElsewhere(run: Run): Promise<Back> {
  const { env, options, help, repair, steps } = run;
  const { places } = help;
  const own = await step<OwnDisk>(env, steps, repair, "own disk", async () =>
    withOwnDisk((await keptOwnDisk(run)) ?? (await ownDiskAsRead(env, repair))),
  );
  if (!own.ok) return { kind: "failed", words: own.words, own: null };
  const files = await steps.run("image", async () => {
    const image = await imageFor(env, (await vmWork(env, repair)).vm);
    return image === undefined ? null : [...filesOf(image)];
  });
  if (files === null) return { kind: "failed", words: noImage, own: null };
  let made = false;
  const bringing: Bringing = {
    async up(claim, released, suffix): Promise<StepEnd<Start>> {
      const renewed = await step<Start>(env, steps, repair, `new disk${suffix}`, () =>
        startThere(env, options, places, repair, claim, released, async ({ vm }) => {
          const ended = await notOurs(env, repair, vm);
          const image = await imageFor(env, vm);
          if (ended !== undefined || image === undefined) throw new HypervisorRefused(ended ?? noImage);
          const disk = await env.provisioner.renewDisk(claim.to, vm, own.value.xml, image, repair);
          await env.store.recordRebuilt(vm.id, disk.definition, disk.diskPaths, env.clock.now());
          return { words: fresh(image) };
        }),
      );
      if (!renewed.ok || renewed.value.kind !== "up") return renewed;
      made = true;
      return startFromDisk(env, options, places, repair, steps, claim, released, suffix);
    },
    another: () => false,
    asking: askGuest.name,
    verify: (vm) => verify(env, options, vm, askGuest.checks(vm)),
    words: () => "It was made anew on another host.",
    diskComesAlong: true,
    files,
  };
  const end = await elsewhere(env, options, places, repair, steps, bringing);
  if (end.kind === "answers") return { kind: "up", from: "image", own: own.value };
  return notElsewhere(end, made ? own.value : null);
}
