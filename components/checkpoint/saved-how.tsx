import type { ReactNode } from "react";
import { intervalOf, noCheckpointsIn, restoredByHandOnly, spanWords } from "../../lib/client/index.ts";
import type { ApplicationView, CheckpointStatusView, VmView } from "../../lib/contract/index.ts";
import { captureMethods, intervalWords } from "../../lib/model/index.ts";
import factClasses from "../incident/incident-facts.module.css";
import { Panel } from "../ui/panel.tsx";
import { VmSettings } from "../vm/vm-settings.tsx";

export interface SavedHowProps {
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  readonly status: CheckpointStatusView | undefined;
}

/** By which method and how often it is saved, what that costs, and who restores it. */
export function SavedHow({ vm, application, status }: SavedHowProps) {
  const everyMs = intervalOf({ vm, application });
  const none = noCheckpointsIn(application?.mode ?? "provider");
  const facts: [string, ReactNode][] = [
    ["Chosen", none ?? chosenWords(vm, application, everyMs)],
    [
      "In fact",
      status?.keptEveryMs == null ? "not known before there are two" : `one every ${intervalWords(status.keptEveryMs)}`,
    ],
    ["Method", methodWords(status)],
    ["Cost", costWords(status)],
    [
      "Standby",
      status?.standby == null
        ? "none is asked for"
        : `${status.standby.ready ? "Ready." : "Not ready."} ${status.standby.words}`,
    ],
    [
      "After a failure",
      everyMs === null
        ? "It starts from its own disk."
        : (restoredByHandOnly(vm) ??
          (vm.checkpointGroup === null
            ? "Belay restores the newest one that is whole."
            : "Its whole group goes back together, to the newest instant that is whole of each, or none of it does.")),
    ],
    ...(vm.checkpointGroup === null
      ? []
      : [["Group", `${vm.checkpointGroup}: saved at one instant`] satisfies [string, ReactNode]]),
  ];
  return (
    <Panel title="How it is saved" aside={<VmSettings vm={vm} />}>
      <dl className={factClasses.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function chosenWords(vm: VmView, application: ApplicationView | undefined, everyMs: number | null): string {
  if (everyMs === null) return vm.checkpointEveryMs === 0 ? "off for this VM" : "off";
  const whose = vm.checkpointEveryMs === null ? `, as ${application?.name ?? "its application"} says` : "";
  return `every ${intervalWords(everyMs)}${whose}`;
}

function methodWords(status: CheckpointStatusView | undefined): string {
  const offer = status?.offer ?? null;
  if (offer === null) return "not known yet";
  if (offer.method === null) return `none works. ${offer.words}`;
  const { words } = captureMethods[offer.method];
  // Providers get the probe's own words: what is missing for a better method.
  return `${offer.method}. ${offer.words.includes(words) ? offer.words : `${words} ${offer.words}`.trim()}`;
}

const costWords = (status: CheckpointStatusView | undefined): string =>
  status?.costMs == null || status.tookMs === null
    ? "not measured yet"
    : `${spanWords(status.costMs)} of the guest's time each; whole after ${spanWords(status.tookMs)}`;
