import { memo } from "react";
import { agoWords, goesBack, protectionOf, reasonOf, serverNow } from "../../lib/client/index.ts";
import type {
  ApplicationView,
  CheckpointLimitsView,
  CheckpointStatusView,
  HostView,
  IncidentView,
  ManagerView,
  SensorReportView,
  VmView,
} from "../../lib/contract/index.ts";
import { CheckpointLine } from "../checkpoint/checkpoint-line.tsx";
import { IncidentOfVm } from "../incident/incident-of-vm.tsx";
import { useNow } from "../ui/use-now.ts";
import { KillVm } from "./kill-vm.tsx";
import { ProtectionLine } from "./protection-line.tsx";
import classes from "./vm-card.module.css";
import { VmSettings } from "./vm-settings.tsx";
import { VmStateBadge } from "./vm-state.tsx";

export interface VmCardProps {
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  /** undefined for customers, to whom hosts are not shown. */
  readonly host: HostView | undefined;
  /** Of all VMs: a list that stays the same object while no incident changes. */
  readonly incidents: readonly IncidentView[];
  /** Why it would not fit elsewhere if its host died; for providers. */
  readonly misfit: string | undefined;
  /** Name of the host that it is being moved to. */
  readonly movingTo: string | undefined;
  /** How its saved states stand, as last told, and how seldom that is told. */
  readonly saved: CheckpointStatusView | undefined;
  readonly savedToldEveryMs: number;
  readonly savedLimits: CheckpointLimitsView;
  /** What of its owner's part in repairs is in place. */
  readonly manager: ManagerView | undefined;
  readonly sensors: SensorReportView | undefined;
  readonly hasImage: boolean;
}

/** One VM: how it is, why, whether it is protected, and the button that breaks it on purpose. Drawn anew when one of its own changes. */
export const VmCard = memo(function VmCard(props: VmCardProps) {
  const {
    vm,
    application,
    host,
    incidents: all,
    misfit,
    movingTo,
    saved,
    savedToldEveryMs,
    savedLimits,
    manager,
    sensors,
    hasImage,
  } = props;
  const now = useNow(serverNow, 5_000);
  const incidents = all.filter((it) => it.vmId === vm.id);
  const open = incidents.find((it) => it.endedAt === null);
  return (
    <article className={classes.card} aria-label={`VM ${vm.name}`} data-open={open !== undefined}>
      <div className={classes.head}>
        <h4 className={classes.name}>{vm.name}</h4>
        <VmStateBadge vm={vm} />
      </div>
      <p className={classes.reason}>
        {vm.state === "running" ? (
          <span className={classes.since}>Up for {agoWords(now - vm.stateSince)}</span>
        ) : (
          <>
            {reasonOf(vm)} <span className={classes.since}>{agoWords(now - vm.stateSince)} ago</span>
          </>
        )}
      </p>
      {host === undefined ? null : (
        <p className={classes.where}>
          on host <strong>{host.name}</strong>
        </p>
      )}
      {movingTo === undefined ? null : <p className={classes.reason}>Moving to {movingTo}.</p>}
      {open === undefined ? null : <IncidentOfVm incident={open} />}
      <ProtectionLine
        protection={protectionOf(
          {
            vm,
            application,
            host,
            incidents,
            misfit,
            together: { manager, sensors, hasImage },
            goesBack: goesBack({ vm, application, status: saved }),
          },
          now,
        )}
      />
      <CheckpointLine
        vm={vm}
        application={application}
        status={saved}
        toldEveryMs={savedToldEveryMs}
        limits={savedLimits}
      />
      <div className={classes.foot}>
        <span className={classes.facts}>
          {vm.vcpus} vCPU · {vm.memoryMiB} MiB
          {vm.runId === null ? "" : ` · run ${vm.runId}`}
        </span>
        <span className={classes.buttons}>
          <VmSettings vm={vm} />
          {host === undefined ? null : <KillVm vm={vm} host={host} />}
        </span>
      </div>
    </article>
  );
});
