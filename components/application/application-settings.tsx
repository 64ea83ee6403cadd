import { Button } from "@mantine/core";
import { Settings2 } from "lucide-react";
import { useState } from "react";
import { changeApplication, listWords, noCheckpointsIn, restoredByHandOnly } from "../../lib/client/index.ts";
import type { ApplicationView, CheckpointLimitsView, VmView } from "../../lib/contract/index.ts";
import { IntervalChoice } from "../checkpoint/interval-choice.tsx";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import classes from "./application-settings.module.css";

export interface ApplicationSettingsProps {
  readonly application: ApplicationView;
  readonly vms: readonly VmView[];
  readonly limits: CheckpointLimitsView;
}

/** What its owner wishes for all VMs of an application that do not say otherwise. */
export function ApplicationSettings({ application, vms, limits }: ApplicationSettingsProps) {
  const [opened, setOpened] = useState(false);
  const close = () => setOpened(false);
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<Settings2 size={12} aria-hidden="true" />}
        aria-label={`Settings of application ${application.name}`}
        onClick={() => setOpened(true)}
      >
        Settings
      </Button>
      <Dialog title={`Settings of application ${application.name}`} opened={opened} onClose={close}>
        <Inputs application={application} vms={vms} limits={limits} onClose={close} />
      </Dialog>
    </>
  );
}

function Inputs({ application, vms, limits, onClose }: ApplicationSettingsProps & { readonly onClose: () => void }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [everyMs, setEveryMs] = useState(application.checkpointEveryMs);
  const none = noCheckpointsIn(application.mode);
  const byHand = vms.filter((vm) => restoredByHandOnly(vm) !== undefined).map(({ name }) => name);
  const save = async () => {
    const body = { checkpointEveryMs: everyMs === 0 ? null : everyMs };
    if ((await ask(() => changeApplication(application.id, body))) !== undefined) onClose();
  };
  return (
    <Form
      submit="Save"
      busy={busy}
      problem={problem}
      disabled={none !== undefined}
      onSubmit={() => void save()}
      onCancel={onClose}
    >
      {none === undefined ? (
        <>
          <p>For each of its VMs that has no interval of its own.</p>
          <IntervalChoice
            of={{ application: application.id }}
            value={everyMs}
            inherited={null}
            limits={limits}
            error={wrongAt("checkpointEveryMs")}
            onChange={setEveryMs}
          />
          {byHand.length === 0 || everyMs === null || everyMs === 0 ? null : (
            <p className={classes.note}>
              Belay takes {listWords(byHand)} back only when you call for it: the settings of each VM say whether it may
              go back by itself.
            </p>
          )}
        </>
      ) : (
        <p>{none} Its checkpoints cannot be chosen in this mode.</p>
      )}
    </Form>
  );
}
