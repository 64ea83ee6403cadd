import type { ApplicationView, IncidentView, OrganizationView, VmView } from "../../lib/contract/index.ts";
import { protectionModes } from "../../lib/model/index.ts";
import classes from "./application-head.module.css";
import { Throughput } from "./throughput.tsx";

export interface ApplicationHeadProps {
  readonly application: ApplicationView;
  /** undefined where the viewer is the owner. */
  readonly owner: OrganizationView | undefined;
  readonly hue: string;
  readonly vms: readonly VmView[];
  readonly incidents: readonly IncidentView[];
  readonly simulated: boolean;
}

/** An application: whose it is, how it is protected, and how many requests it answers. */
export function ApplicationHead({ application, owner, hue, vms, incidents, simulated }: ApplicationHeadProps) {
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <div className={classes.application} style={{ "--hue": hue }}>
      <div className={classes.head}>
        <span className={classes.swatch} aria-hidden="true" />
        <h3 className={classes.name}>{application.name}</h3>
        {owner === undefined ? null : <span className={classes.owner}>{owner.name}</span>}
      </div>
      <p className={classes.facts}>
        {running} of {vms.length} VMs running · {protectionModes[application.mode]}
      </p>
      <Throughput application={application} hue={hue} incidents={incidents} simulated={simulated} />
    </div>
  );
}
