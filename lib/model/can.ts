import type { Application, Host, Incident, Viewer, Vm } from "./entities.ts";
import { vmStates } from "./states.ts";

type Owned = { readonly organizationId: Viewer["organizationId"] | null };

const owns = (viewer: Viewer, thing: Owned) =>
  viewer.role === "provider" || thing.organizationId === viewer.organizationId;

/**
 * What may be done, in one table for pages, API and simulator. Each answer is `true` or the reason why not,
 * in words fit for a button's tooltip.
 */
export const can = {
  seeHosts: (viewer: Viewer) => viewer.role === "provider" || "Hosts are the provider's.",
  manageHosts: (viewer: Viewer) => viewer.role === "provider" || "Only the provider adds and removes hosts.",
  seeVm: (viewer: Viewer, vm: Pick<Vm, "organizationId">) => owns(viewer, vm) || "This VM belongs to somebody else.",
  seeApplication: (viewer: Viewer, application: Pick<Application, "organizationId">) =>
    owns(viewer, application) || "This application belongs to somebody else.",
  seeIncident: (viewer: Viewer, incident: Pick<Incident, "organizationId">) =>
    owns(viewer, incident) || "This incident belongs to somebody else.",
  assignVm: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says whose a VM is.",
  killVm: (viewer: Viewer, vm: Pick<Vm, "state" | "organizationId">, host: Pick<Host, "faultInjection" | "state">) =>
    viewer.role !== "provider"
      ? "Only the provider may kill a VM."
      : !host.faultInjection
        ? "Fault injection is off for this host."
        : host.state !== "up"
          ? "The host is not connected."
          : vmStates[vm.state].alive || "The VM is not running.",
} as const;
