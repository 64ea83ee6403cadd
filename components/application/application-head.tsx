import Link from "next/link";
import { type CheckpointQuestion, noCheckpointsIn, savedWords, serverNow } from "../../lib/client/index.ts";
import type { ApplicationView, IncidentView, OrganizationView, VmView } from "../../lib/contract/index.ts";
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
  /** How each of its VMs is saved. */
  readonly saved: readonly CheckpointQuestion[];
}

/** An application: whose it is, how it is protected, and how many requests it answers. */
export function ApplicationHead({ application, owner, hue, vms, incidents, simulated, saved }: ApplicationHeadProps) {
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <div className={classes.application} style={{ "--hue": hue }}>
      <div className={classes.head}>
        <span className={classes.swatch} aria-hidden="true" />
        <h3 className={classes.name}>
          <Link href={`/applications/${application.id}`}>{application.name}</Link>
        </h3>
        {owner === undefined ? null : <span className={classes.owner}>{owner.name}</span>}
        <span className={classes.settings}>
          <ApplicationSettings application={application} />
        </span>
      </div>
      <p className={classes.facts}>
        {running} of {vms.length} VMs running · {protectionModes[application.mode]}
      </p>
      <Saved application={application} questions={saved} />
      <Throughput application={application} hue={hue} incidents={incidents} simulated={simulated} />
    </div>
  );
}

interface SavedProps {
  readonly questions: readonly CheckpointQuestion[];
}

/** How often its VMs are saved, and whether they are. */
function Saved({ application, questions }: Pick<ApplicationHeadProps, "application"> & SavedProps) {
  const now = useNow(serverNow, 5_000);
  const { checkpointEveryMs: everyMs, mode } = application;
  const chosen =
    everyMs === null || noCheckpointsIn(mode) !== undefined ? [] : [`Checkpoints every ${intervalWords(everyMs)}`];
  const words = [...chosen, ...[savedWords(questions, now)].filter((it) => it !== undefined)];
  return words.length === 0 ? null : <p className={classes.facts}>{words.join(" · ")}</p>;
}
