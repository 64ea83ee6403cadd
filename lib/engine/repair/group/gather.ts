import type { Host, Incident, Vm } from "../../../model/index.ts";
import { companionsOf } from "../../checkpoints/saved.ts";
import { type StepEnd, step } from "../step.ts";
import { vmWork } from "../work.ts";
import { hasStep, type Lead, type Member, openGroupRepair, refusalNow, stepNames } from "./parts.ts";
import { gatherWithinMs } from "./patience.ts";
import { howGroupWent } from "./standing.ts";

const pollMs = 500;

export interface Gathered {
  readonly members: readonly Member[];
  /** A repair of the group has stopped VMs of it already: what runs now is not what ran at the failure. */
  readonly touched: boolean;
}

const isThere = (host: Host | undefined) => host?.standing === "in-use" && host.state === "up";
const no = (words: string): StepEnd<never> => ({ ok: false, words });

/**
 * Each VM of the group gets a repair that goes back with this one. One that is well gets an incident for it; one whose host failed, or that
 * another repair works on, is waited for.
 */
export const gather = ({ env, options, help, repair, steps }: Lead, label: string): Promise<StepEnd<Gathered>> =>
  step<Gathered>(env, steps, repair, `gather${label}`, async () => {
    const { store, clock } = env;
    const deadline = clock.monotonicMs() + gatherWithinMs(options);
    for (;;) {
      const work = await vmWork(env, repair);
      const companions = await companionsOf(env, work.vm);
      if (companions.length === 0) return no("It is the only VM of its group by now.");
      const members: Member[] = [{ vm: work.vm.id, repair }];
      let touched = howGroupWent(work.incident) === "stopped";
      let failed = work.incident.cause !== "group-failed";
      let waitsFor: string | undefined;
      const free: Vm[] = [];
      const open: { readonly vm: Vm; readonly incident: Incident | undefined }[] = [];
      for (const vm of companions) open.push({ vm, incident: await store.openIncidentOf(vm.id) });
      for (const { incident } of open) touched ||= howGroupWent(incident) === "stopped";
      for (const { vm, incident } of open) {
        const ours = openGroupRepair(incident);
        if (ours !== undefined) {
          if (hasStep(ours, stepNames.alone)) return no("Another VM of its group was brought back by itself.");
          failed ||= incident?.cause !== "group-failed";
          members.push({ vm: vm.id, repair: ours.id });
          continue;
        }
        // The others are stopped and have to go on; one that came to the group since, and may not go back, stays as it is.
        if (touched && (await refusalNow(env, vm, [])) !== undefined) continue;
        const host = await store.host(vm.hostId);
        const worked = incident?.repairs.some((it) => it.finishedAt === null) === true;
        const isOfServers = incident?.layer === "application" && !worked;
        if (incident?.state === "handed-over" && !isOfServers && !comesBack(host))
          return no("Another VM of its group has a failure that was left to people.");
        if (incident !== undefined && !isOfServers)
          waitsFor = "Another VM of its group has a failure that is not over.";
        else if (vm.movingTo !== null) waitsFor = "Another VM of its group is being moved.";
        else if (!isThere(host)) waitsFor = "The host of another VM of its group is not connected, or not in use.";
        else free.push(vm);
      }
      const refusal = touched ? undefined : await refusalNow(env, work.vm, companions);
      if (refusal !== undefined) return no(refusal);
      if (members.length + free.length === 1 && waitsFor === undefined)
        return no("It is the only VM of its group by now.");
      if (waitsFor === undefined && !failed && !touched) return no("The VM of its group that had failed is gone.");
      if (waitsFor === undefined && free.length === 0)
        return {
          ok: true,
          words: `The group has ${members.length} VMs.`,
          value: { members: inOrder(members), touched },
        };
      if (waitsFor === undefined) {
        for (const vm of free) await openFor(vm);
        continue; // what came of it is read
      }
      if (clock.monotonicMs() >= deadline) return no(waitsFor);
      await clock.sleep(pollMs);
    }

    async function openFor(vm: Vm): Promise<void> {
      const now = clock.now();
      await store.clearIncident(vm.id, "It goes back with its group.", now); // of its servers alone, else it is not free
      const opened = await store.openIncident({
        ...{ vmId: vm.id, layer: "vm", cause: "group-failed", certainty: "certain" },
        ...{ tp: now, tpSource: "event", td: now },
        evidence: [{ at: now, source: "event", words: "Another VM of its group failed.", audience: "all" }],
        words: `${vm.name}: another VM of its group failed, and all of them go back together.`,
        plan: { technique: "group-restore", words: "Take it back together with its group." },
      });
      if (opened?.repairId !== undefined) await help.opened(opened.repairId, vm);
    }
  });

/** Its VMs are started elsewhere, or will be. */
const comesBack = (host: Host | undefined) => host?.standing === "fencing" || host?.standing === "fenced";

const inOrder = (members: readonly Member[]): Member[] => [...members].sort((a, b) => (a.vm < b.vm ? -1 : 1));
