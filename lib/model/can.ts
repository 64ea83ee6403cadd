import type { Application, Host, Incident, Organization, Viewer, Vm } from "./entities.ts";
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
  /** Its protection, consent and whether it should run are its owner's; see `assignVm` and `aimProbe` for the rest. */
  changeVm: (viewer: Viewer, vm: Pick<Vm, "organizationId">) => owns(viewer, vm) || "This VM belongs to somebody else.",
  /** A probe leaves from the provider's network, so its target must not be a customer's choice. */
  aimProbe: (viewer: Viewer) => viewer.role === "provider" || "Only the provider says which address Belay probes.",
  changeApplication: (viewer: Viewer, application: Pick<Application, "organizationId">) =>
    owns(viewer, application) || "This application belongs to somebody else.",
  seeOrganization: (viewer: Viewer, organization: Pick<Organization, "id">) =>
    viewer.role === "provider" || organization.id === viewer.organizationId || "This organization is not yours.",
  manageOrganizations: (viewer: Viewer) => viewer.role === "provider" || "Only the provider adds organizations.",
  /** Asked by the traffic source, a program on the server's own machine. */
  recordTraffic: (viewer: Viewer) =>
    (viewer.role === "provider" && viewer.userId === null) || "Only the traffic source with the operator's token may.",
  killVm: (viewer: Viewer, vm: Pick<Vm, "state" | "organizationId">, host: Pick<Host, "faultInjection" | "state">) =>
    viewer.role !== "provider"
      ? "Only the provider may kill a VM."
      : !host.faultInjection
        ? "Fault injection is off for this host."
        : host.state !== "up"
          ? "The host is not connected."
          : vmStates[vm.state].alive || "The VM is not running.",
} as const;
