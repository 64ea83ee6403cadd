import { type Checkpoint, checkpointStates } from "./checkpoints.ts";
import type { Application, Host, Incident, Organization, Viewer, Vm } from "./entities.ts";
import { hostStandings, vmStates } from "./states.ts";
import { consentCovers } from "./techniques.ts";

type Owned = { readonly organizationId: Viewer["organizationId"] | null };

const owns = (viewer: Viewer, thing: Owned) =>
  viewer.role === "provider" || thing.organizationId === viewer.organizationId;

/**
 * What may be done, in one table for pages, API and simulator. Each answer is `true` or the reason why not,
 * in words fit for a button's tooltip.
 */
/** Why a VM of a group is not taken back by itself. */
export const aloneOfItsGroup = (group: string): string =>
  `It belongs to the group ${group}, which goes back together or not at all. Take it out of the group first.`;

export const can = {
  seeHosts: (viewer: Viewer) => viewer.role === "provider" || "Hosts are the provider's.",
  manageHosts: (viewer: Viewer) => viewer.role === "provider" || "Only the provider adds and removes hosts.",
  changeHosts: (viewer: Viewer) => viewer.role === "provider" || "Only the provider changes hosts.",
  manageFencing: (viewer: Viewer) => viewer.role === "provider" || "Power switches are the provider's.",
  manageHooks: (viewer: Viewer) => viewer.role === "provider" || "Hooks are the provider's.",
  setPolicy: (viewer: Viewer) => viewer.role === "provider" || "The cloud's settings are the provider's.",
  maintainHosts: (viewer: Viewer) => viewer.role === "provider" || "Only the provider works on hosts.",
  beginMaintenance: (viewer: Viewer, host: Pick<Host, "standing">) =>
    viewer.role !== "provider"
      ? "Only the provider works on hosts."
      : host.standing === "in-use" || `It cannot be taken out of use now. ${hostStandings[host.standing].words}`,
  /** Says "go on" where Belay held back, because so much failed at once. */
  approve: (viewer: Viewer, incident: Pick<Incident, "awaits">) =>
    viewer.role !== "provider"
      ? "Only the provider answers for hosts."
      : incident.awaits === "approval" || "Belay does not wait for an answer here.",
  /** "This host is off, and I keep it off." What anything still hears of is not off. */
  sayOff: (
    viewer: Viewer,
    incident: Pick<Incident, "vmId" | "cause" | "endedAt">,
    host: Pick<Host, "state" | "standing">,
  ) =>
    viewer.role !== "provider"
      ? "Only the provider says that a host is off."
      : incident.vmId !== null || incident.endedAt !== null || incident.cause === "libvirtd-dead"
        ? "There is no host here that has to be proven off."
        : host.standing === "fenced" || host.standing === "returning"
          ? "It is proven off already."
          : host.state === "up"
            ? "Belay is connected to it: it is not off."
            : incident.cause !== "host-isolated" ||
              host.standing === "fencing" ||
              "Other hosts reach it: it is not off. Switch it off first.",
  seeVm: (viewer: Viewer, vm: Pick<Vm, "organizationId">) => owns(viewer, vm) || "This VM belongs to somebody else.",
  seeApplication: (viewer: Viewer, application: Pick<Application, "organizationId">) =>
    owns(viewer, application) || "This application belongs to somebody else.",
  seeIncident: (viewer: Viewer, incident: Pick<Incident, "organizationId">) =>
    owns(viewer, incident) || "This incident belongs to somebody else.",
  assignVm: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says whose a VM is.",
  /** Its protection, consent and whether it should run are its owner's; see `assignVm` and `aimProbe` for the rest. */
  changeVm: (viewer: Viewer, vm: Pick<Vm, "organizationId">) => owns(viewer, vm) || "This VM belongs to somebody else.",
  prioritiseVm: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says which VM comes first.",
  /** A probe leaves from the provider's network, so its target must not be a customer's choice. */
  aimProbe: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says which address Belay probes.",
  changeApplication: (viewer: Viewer, application: Pick<Application, "organizationId">) =>
    owns(viewer, application) || "This application belongs to somebody else.",
  seeOrganization: (viewer: Viewer, organization: Pick<Organization, "id">) =>
    viewer.role === "provider" || organization.id === viewer.organizationId || "This organization is not yours.",
  managePeople: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says who may sign in.",
  manageOrganizations: (viewer: Viewer) => viewer.role === "provider" || "Only the provider adds organizations.",
  /** Asked by the traffic source, a program on the server's own machine. */
  recordTraffic: (viewer: Viewer) =>
    (viewer.role === "provider" && viewer.userId === null) || "Only the traffic source with the operator's token may.",
  /** Whoever may change a VM may have its state saved, kept, and another VM begun from it to look inside. */
  takeCheckpoint: (viewer: Viewer, vm: Pick<Vm, "state" | "organizationId">) =>
    owns(viewer, vm)
      ? vm.state === "running" || "Only a VM that runs can be saved."
      : "This VM belongs to somebody else.",
  keepCheckpoint: (viewer: Viewer, vm: Pick<Vm, "organizationId">) =>
    owns(viewer, vm) || "This VM belongs to somebody else.",
  restoreBeside: (viewer: Viewer, vm: Pick<Vm, "organizationId">) =>
    owns(viewer, vm) || "This VM belongs to somebody else.",
  /** The owner's call is their consent; the provider needs it given. */
  goBack: (viewer: Viewer, vm: Pick<Vm, "organizationId" | "consent" | "rollbackIntolerant" | "checkpointGroup">) => {
    if (!owns(viewer, vm)) return "This VM belongs to somebody else.";
    if (vm.rollbackIntolerant) return "Its owner declared that it must never go back to an older state.";
    if (vm.checkpointGroup !== null) return aloneOfItsGroup(vm.checkpointGroup);
    return (
      vm.organizationId === null ||
      vm.organizationId === viewer.organizationId ||
      consentCovers(vm.consent, "roll-back") ||
      "Its owner does not allow the provider to bring it back to an older state."
    );
  },
  restoreFrom: (checkpoint: Pick<Checkpoint, "state">) =>
    checkpointStates[checkpoint.state].restorable || checkpointStates[checkpoint.state].words,
  /** Keys let customers' programs in. The provider's own have the operator's token. */
  haveKeys: (viewer: Viewer) => viewer.role === "customer" || "Keys are made by the customers whose programs use them.",
  revokeKey: (viewer: Viewer, key: Owned) => owns(viewer, key) || "This key belongs to somebody else.",
  manageImages: (viewer: Viewer) => viewer.role === "provider" || "Images are the provider's.",
  /** An endpoint, and answers to proposals, are the customer's own word: nobody gives it for them. */
  speakForCustomer: (viewer: Viewer) =>
    viewer.role === "customer" || "Only the customer speaks for themselves in a repair.",
  allocateFor: (viewer: Viewer, application: Owned) =>
    owns(viewer, application) || "This application belongs to somebody else.",
  killVm: (viewer: Viewer, vm: Pick<Vm, "state" | "organizationId">, host: Pick<Host, "faultInjection" | "state">) =>
    viewer.role !== "provider"
      ? "Only the provider may kill a VM."
      : !host.faultInjection
        ? "Fault injection is off for this host."
        : host.state !== "up"
          ? "The host is not connected."
          : vmStates[vm.state].alive || "The VM is not running.",
} as const;
