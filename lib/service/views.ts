import type { CloudView, ImageView, IncidentView } from "../contract/index.ts";
import { incidentFor, withHostLoss } from "../contract/index.ts";
import type { ServiceStore } from "../engine/ports.ts";
import { type Image, type Incident, tellCheckpointsEveryMs, toldAllocation, type Viewer } from "../model/index.ts";

/** The model's lists are read-only, the contract's are not: a copy of each. */
export const incidentView = (incident: Incident): IncidentView => ({
  ...incident,
  evidence: [...incident.evidence],
  repairs: incident.repairs.map((repair) => ({ ...repair, steps: [...repair.steps] })),
});

export const incidentViewFor = (viewer: Viewer, incident: Incident): IncidentView =>
  incidentFor(viewer, incidentView(incident));

export const imageViewOf = ({ boot: _, ...image }: Image): ImageView => image;

/** Rounded up to powers of two: how many VMs others have is not to be read from it. */
const toldEvery = (vms: number) => tellCheckpointsEveryMs(2 ** Math.ceil(Math.log2(Math.max(1, vms))));

/** Everything, before anything is hidden: see `cloudFor`. */
export const wholeCloud = (
  viewer: Viewer,
  simulated: boolean,
  snapshot: Awaited<ReturnType<ServiceStore["snapshot"]>>,
): CloudView => {
  const { checkpointLeastMs: leastMs, checkpointMostMs: mostMs } = snapshot.policy;
  const incidents = snapshot.incidents.map(incidentView);
  const whole = {
    ...snapshot,
    ...{ simulated, viewer, incidents },
    checkpointLimits: { leastMs, mostMs },
    modesOffered: snapshot.policy.modesOffered,
    // Built anew: what is the provider's own of them (hosts, boot, keys of people) is in no view.
    images: snapshot.images.map(imageViewOf),
    allocations: snapshot.allocations.map(toldAllocation),
    checkpointsToldEveryMs: toldEvery(snapshot.vms.length),
  };
  return { ...whole, vms: withHostLoss(whole) };
};
