import { type CheckpointQuestion, noCheckpointsIn, savedWords, serverNow } from "../../lib/client/index.ts";
import type {
  ApplicationView,
  CheckpointLimitsView,
  IncidentView,
  OrganizationView,
  VmView,
} from "../../lib/contract/index.ts";
import { intervalWords, protectionModes } from "../../lib/model/index.ts";
import { useNow } from "../ui/use-now.ts";
import classes from "./application-head.module.css";
import { ApplicationSettings } from "./application-settings.tsx";
import { Throughput } from "./throughput.tsx";

export interface ApplicationHeadProps {
  readonly application: ApplicationView;
  /** undefined where the viewer is the owner. */
  readonly owner: OrganizationView | undefined;
  readonly hue: string;
  readonly vms: readonly VmView[];
  readonly incidents: readonly IncidentView[];
  readonly simulated: boolean;
  readonly limits: CheckpointLimitsView;
  /** How each of its VMs is saved. */
  readonly saved: readonly CheckpointQuestion[];
}

/** An application: whose it is, how it is protected, and how many requests it answers. */
export function ApplicationHead({
  application,
  owner,
  hue,
  vms,
  incidents,
  simulated,
  limits,
  saved,
}: ApplicationHeadProps) {
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <div className={classes.application} style={{ "--hue": hue }}>
      <div className={classes.head}>
        <span className={classes.swatch} aria-hidden="true" />
        <h3 className={classes.name}>{application.name}</h3>
        {owner === undefined ? null : <span className={classes.owner}>{owner.name}</span>}
        <span className={classes.settings}>
          <ApplicationSettings application={application} vms={vms} limits={limits} />
        </span>
      </div>
      <p className={classes.facts}>
        {running} of {vms.length} VMs running · {protectionModes[application.mode]}
        {application.checkpointEveryMs === null || noCheckpointsIn(application.mode) !== undefined
          ? null
          : ` · checkpoints every ${intervalWords(application.checkpointEveryMs)}`}
        <SavedVms questions={saved} />
      </p>
      <Throughput application={application} hue={hue} incidents={incidents} simulated={simulated} />
    </div>
  );
}

function SavedVms({ questions }: { readonly questions: readonly CheckpointQuestion[] }) {
  const words = savedWords(questions, useNow(serverNow, 5_000));
  return words === undefined ? null : ` · ${words}`;
}
