import { type HeldRestore, type HeldState, HypervisorRefused } from "../../engine/ports.ts";
import type { Outcome } from "../hypervisor/acts.ts";
import { demandProof, type Proof } from "../hypervisor/copies.ts";
import { hasProcess } from "../world/domain.ts";
import { carrierElsewhere, letGoRestored } from "../world/run.ts";
import type { SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";

/** What became of a restore that was held: by its own run, and no other of the same VM. */
export function heldStateOn(world: World, host: SimHost, { checkpoint, vm, generation }: HeldRestore): HeldState {
  const domain = host.domains.get(vm.uuid);
  const run = world.saved.heldRuns.get(vm.uuid);
  if (!domain || !hasProcess(domain) || (domain.generation ?? 0) !== generation) return "gone";
  if (run?.host !== host.name || run.runId !== domain.runId || run.checkpoint !== checkpoint) return "gone";
  return domain.state === "paused" && domain.reason === "migration" ? "held" : "runs";
}

export function letGoOn(world: World, host: SimHost, restored: HeldRestore, proof: Proof | null): Outcome {
  const { uuid, name } = restored.vm;
  const [domain, guest, run] = [host.domains.get(uuid), world.guest(uuid), world.saved.heldRuns.get(uuid)];
  const state = heldStateOn(world, host, restored);
  if (!domain || !guest || !run || state === "gone") throw new HypervisorRefused(`${name} is not held there any more.`);
  if (state !== "held") return { done: false, words: `${name} runs already.` };
  if (proof) demandProof(world, host, guest, proof);
  else if (carrierElsewhere(world, host, uuid))
    world.accuse(1, `Belay lets ${name} go on ${host.name} without proof while another host runs it.`);
  letGoRestored(world, host, guest, domain, run.answersInMs);
  world.saved.went.push({ uuid, checkpoint: restored.checkpoint, at: world.clock.now() });
  world.tell(`libvirt on ${host.name} lets ${name} go on.`);
  return { done: true, words: `${name} was let go.` };
}
