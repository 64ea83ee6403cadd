import type { Change, CheckpointStatusView, CloudView, IncidentView, VmView } from "../contract/index.ts";
import { causes, type VmStateReason, vmStates } from "../model/index.ts";
import { speakerWords, tell } from "./conversation.ts";
import { uncapital } from "./uncapital.ts";

/** Sentences that the browser makes by itself, all in one place. */

const stoppedBecause: Partial<Record<VmStateReason, string>> = {
  shutdown: "The guest switched itself off.",
  destroyed: "It was switched off on the hypervisor by hand.",
  crashed: "The VM crashed.",
  failed: "The VM's process died.",
  migrated: "It was moved to another host.",
  saved: "Its memory was saved and it was stopped.",
  "from-snapshot": "It was stopped when a snapshot was loaded.",
  daemon: "The hypervisor's daemon stopped it.",
};

const pausedBecause: Partial<Record<VmStateReason, string>> = {
  user: "Somebody paused it.",
  migration: "Held while it moves to another host.",
  save: "Held while its memory is saved.",
  dump: "Held while its memory is dumped.",
  "io-error": "Held on a disk error.",
  watchdog: "Held by its watchdog: the guest hung.",
  crashed: "Held as its kernel panicked.",
  snapshot: "Held while a snapshot is taken.",
  "starting-up": "Held while it starts.",
  "shutting-down": "Held while it shuts down.",
  postcopy: "Held while its memory arrives.",
  "postcopy-failed": "Its move to another host broke off.",
  "api-error": "Held after an error of the hypervisor.",
};

/** Why the VM is in its state, in a sentence. */
export function reasonOf(vm: Pick<VmView, "state" | "reason">): string {
  const because =
    vm.state === "stopped" ? stoppedBecause[vm.reason] : vm.state === "paused" ? pausedBecause[vm.reason] : undefined;
  return because ?? vmStates[vm.state].words;
}

/** A fence agent's own name in place of its path, which a table shows once and sentences need not. */
export const shortAgents = (text: string) => text.replace(/\/[^\s()]*\/(fence[_-][\w.-]+)/g, "$1");

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

type Failed = Pick<IncidentView, "vmId" | "hostId">;
type Known = Pick<CloudView, "vms" | "hosts">;

/** The name of what an incident is about: its VM, or the host itself. */
export const failedThing = ({ vmId, hostId }: Failed, { vms, hosts }: Known): string =>
  vmId === null
    ? (hosts.find((it) => it.id === hostId)?.name ?? "a host that is gone")
    : (vms.find((it) => it.id === vmId)?.name ?? "a VM that is gone");

/** "web-1: the VM's process died", "host-2: the host is dead: …" */
export const incidentTitle = (incident: Failed & Pick<IncidentView, "cause">, cloud: Known): string =>
  `${failedThing(incident, cloud)}: ${causes[incident.cause]}`;

/** "512 KiB", "34 MiB", "1.6 GiB" */
export function bytesWords(bytes: number): string {
  const kib = bytes / 1024;
  if (kib < 1024) return `${Math.round(kib)} KiB`;
  return kib < 1024 * 1024 ? `${Math.round(kib / 1024)} MiB` : `${(kib / 1024 / 1024).toFixed(1)} GiB`;
}

/** "web-1", "web-1 and web-2", "web-1, web-2 and web-3", "web-1, web-2 and 3 others" */
export function listWords(names: readonly string[]): string {
  const shown = names.length <= 3 ? names : [...names.slice(0, 2), `${names.length - 2} others`];
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** "0.03 %", "1.4 %", "12 %" */
export function percentWords(percent: number): string {
  if (percent > 0 && percent < 0.01) return "less than 0.01 %";
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} %`;
}

export const causeSentence = (incident: Pick<IncidentView, "cause">): string => `${capital(causes[incident.cause])}.`;

/** A checkpoint every few seconds, and a standby that follows it, are no news. */
function checkpointNews(before: CheckpointStatusView | undefined, now: CheckpointStatusView): string | undefined {
  if (now.trouble !== (before?.trouble ?? null)) return now.trouble ?? "its state is saved as was chosen.";
  if (before === undefined) return undefined;
  if (now.offer?.method === null && before.offer?.method !== null) return now.offer.words;
  if (before.lastAt === null && now.lastAt !== null) return "a first saved state of it is there.";
  return before.lastAt !== null && now.lastAt === null ? "no saved state of it is left." : undefined;
}

/**
 * The change in a sentence. `before` is the change before it of the same thing, where one is known; undefined is returned where
 * nothing changed that a person would want to read.
 */
export function changeWords(change: Change, before: Change | undefined, vms: CloudView["vms"]): string | undefined {
  switch (change.kind) {
    case "vm.changed": {
      const { vm } = change;
      const known = before?.kind === "vm.changed" ? before.vm : undefined;
      if (known !== undefined && JSON.stringify(known) === JSON.stringify(vm)) return undefined; // what changed is the provider's
      const same = known !== undefined && known.state === vm.state && known.reason === vm.reason;
      if (!same)
        return vm.state === "running" ? `${vm.name} is running.` : `${vm.name} is ${vm.state}. ${reasonOf(vm)}`;
      return known.runId === vm.runId ? `${vm.name}: its settings changed.` : `${vm.name} runs anew.`;
    }
    case "vm.removed":
      return `${vms.find((it) => it.id === change.vmId)?.name ?? "A VM"} is no longer yours.`;
    case "application.changed":
      return before === undefined ? undefined : `Application ${change.application.name}: its settings changed.`;
    case "incident.changed": {
      const { incident } = change;
      const name = vms.find((it) => it.id === incident.vmId)?.name ?? "a VM that is gone";
      const known = before?.kind === "incident.changed" ? before.incident : undefined;
      if (known?.state !== incident.state) {
        const news = known?.words === incident.words ? "" : ` ${incident.words}`;
        return `Incident of ${name}: ${incident.state}.${news}`;
      }
      const step = incident.repairs.at(-1)?.steps.at(-1);
      return step === undefined ? undefined : `Repair of ${name}: step "${step.name}" ${step.state}.`;
    }
    case "checkpoint-status.changed": {
      const known = before?.kind === "checkpoint-status.changed" ? before.status : undefined;
      const news = checkpointNews(known, change.status);
      return news && `${vms.find((it) => it.id === change.status.vmId)?.name ?? "A VM"}: ${news}`;
    }
    case "conversation.changed": {
      const { message } = change;
      if (message.from === "provider" && message.receivedAt !== null) return undefined; // it was told when it was said
      const { title } = tell(message);
      const sentence = `${title}${/[?.]$/.test(title) ? "" : "."}`;
      if (message.from === "customer") return `${speakerWords(message.by)}: ${sentence}`;
      const { name } = message.message.vm;
      return `Provider${title.includes(name) ? "" : ` about ${name}`}: ${sentence}`;
    }
    case "manager.changed": {
      const { name, connected } = change.manager;
      const known = before?.kind === "manager.changed" ? before.manager : undefined;
      if (known?.connected === connected && known.name === name) return undefined;
      return `Manager ${name} ${connected ? "is connected." : "is not connected any more."}`;
    }
    case "allocation.changed":
      return `VM ${change.allocation.name}: ${uncapital(change.allocation.words)}`;
    case "image.changed":
      return `The image ${change.image.name} can be used.`;
    case "image.removed":
    case "sensors.changed":
      return undefined; // pages show them where they matter
    case "organization.changed":
    case "host.changed":
    case "host.removed":
    case "fence-device.changed":
    case "fence-device.removed":
    case "hook.changed":
    case "hook.removed":
    case "maintenance.changed":
    case "policy.changed":
    case "tolerance.changed":
    case "checkpoint-store.changed":
    case "cloud.stale":
      return undefined; // the provider's: the server sends them a sentence; a customer is told by their VMs
  }
}
