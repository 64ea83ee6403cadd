import { Switch, TextInput } from "@mantine/core";
import Link from "next/link";
import { intervalOf, noCheckpointsIn, restoredByHandOnly } from "../../lib/client/index.ts";
import type { ApplicationView, CheckpointLimitsView, VmView } from "../../lib/contract/index.ts";
import { FormPart } from "../ui/form-part.tsx";
import { IntervalChoice } from "./interval-choice.tsx";
import classes from "./saved-states.module.css";

export interface Saving {
  /** null: as its application says; where there is none, never. 0: never. */
  readonly everyMs: number | null;
  readonly standby: boolean;
  readonly group: string;
}

export interface SavedStatesProps {
  /** With the consent that is being chosen beside it. */
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  readonly limits: CheckpointLimitsView;
  readonly value: Saving;
  readonly wrongAt: (name: string) => string | null;
  readonly onChange: (saving: Saving) => void;
  /** The person goes to the checkpoints' page. */
  readonly onLeave: () => void;
}

/** The part of a VM's settings about its checkpoints. */
export function SavedStates({ vm, application, limits, value, wrongAt, onChange, onLeave }: SavedStatesProps) {
  const none = noCheckpointsIn(application?.mode ?? "provider");
  const byHand = restoredByHandOnly(vm);
  const isOff = intervalOf({ vm: { checkpointEveryMs: value.everyMs }, application }) === null;
  return (
    <FormPart legend="Checkpoints">
      {none === undefined ? (
        <>
          <IntervalChoice
            of={{ vm: vm.id }}
            value={value.everyMs}
            inherited={application === undefined ? null : (application.checkpointEveryMs ?? 0)}
            limits={limits}
            error={wrongAt("checkpointEveryMs")}
            onChange={(everyMs) => onChange({ ...value, everyMs })}
          />
          {byHand === undefined || isOff ? null : <p className={classes.note}>{byHand}</p>}
          <Switch
            label="Keep a standby on another host"
            description={
              isOff
                ? "It takes the newest checkpoint over, so it needs an interval."
                : "It holds the newest checkpoint, and takes over when the VM's host fails."
            }
            checked={value.standby}
            disabled={isOff && !value.standby}
            onChange={(event) => onChange({ ...value, standby: event.currentTarget.checked })}
          />
          <TextInput
            label="Save together: group"
            description="VMs of one group are saved at one instant. After a failure of one, all of them go back to one instant together, or none does: so each needs an interval and the consent to roll back."
            value={value.group}
            error={wrongAt("checkpointGroup")}
            onChange={(event) => onChange({ ...value, group: event.currentTarget.value })}
          />
        </>
      ) : (
        <p className={classes.note}>{none}</p>
      )}
      <Link className={classes.more} href={`/vms/${vm.id}/checkpoints`} onClick={onLeave}>
        Checkpoints of {vm.name}
      </Link>
    </FormPart>
  );
}
