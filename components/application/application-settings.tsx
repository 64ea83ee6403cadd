import { useState } from "react";
import { changeApplication, listWords, noCheckpointsIn, restoredByHandOnly } from "../../lib/client/index.ts";
import type { ApplicationView, CloudView } from "../../lib/contract/index.ts";
import type { ApplicationId } from "../../lib/model/index.ts";
import { IntervalChoice } from "../checkpoint/interval-choice.tsx";
import { useCloud } from "../cloud/cloud-context.tsx";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { FormPart } from "../ui/form-part.tsx";
import { SettingsButton } from "../ui/settings-button.tsx";
import { Situation } from "../ui/situation.tsx";
import { AgreementChoice } from "./agreement-choice.tsx";
import classes from "./application-settings.module.css";
import { ModeChoice } from "./mode-choice.tsx";

/** What its owner wishes for all VMs of an application that do not say otherwise. */
export function ApplicationSettings({ application: { id, name } }: { readonly application: ApplicationView }) {
  return (
    <SettingsButton
      title={`Settings of application ${name}`}
      content={(close) => <ApplicationSettingsForm id={id} onClose={close} />}
    />
  );
}

function ApplicationSettingsForm({ id, onClose }: { readonly id: ApplicationId; readonly onClose: () => void }) {
  const cloud = useCloud().data;
  const application = cloud?.applications.find((it) => it.id === id);
  if (cloud === undefined || application === undefined)
    return <Situation kind="empty" title="There is no such application any more." words="Nothing was changed." />;
  return <Inputs cloud={cloud} application={application} onClose={onClose} />;
}

interface InputsProps {
  readonly cloud: CloudView;
  readonly application: ApplicationView;
  readonly onClose: () => void;
}

function Inputs({ cloud, application, onClose }: InputsProps) {
  const { checkpointLimits: limits, modesOffered } = cloud;
  const vms = cloud.vms.filter((it) => it.applicationId === application.id);
  const { busy, problem, wrongAt, ask } = useAsk();
  const [mode, setMode] = useState(application.mode);
  const [agreement, setAgreement] = useState(application.agreement);
  const [everyMs, setEveryMs] = useState(application.checkpointEveryMs);
  const none = noCheckpointsIn(mode);
  const byHand = vms.filter((vm) => restoredByHandOnly(vm) !== undefined).map(({ name }) => name);
  const save = async () => {
    const body = {
      ...(mode !== application.mode && { mode }),
      ...(mode === "collaborative" && { agreement }),
      ...(none === undefined && { checkpointEveryMs: everyMs === 0 ? null : everyMs }),
    };
    if ((await ask(() => changeApplication(application.id, body))) !== undefined) onClose();
  };
  return (
    <Form submit="Save" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      <ModeChoice value={mode} offered={modesOffered} error={wrongAt("mode")} onChange={setMode} />
      {mode === "collaborative" ? (
        <AgreementChoice value={agreement} wrongAt={wrongAt} onChange={setAgreement} />
      ) : null}
      {none === undefined ? (
        <FormPart legend="Checkpoints of its VMs">
          <p className={classes.note}>For each that has no interval of its own.</p>
          <IntervalChoice
            of={{ application: application.id }}
            value={everyMs}
            inherited={null}
            limits={limits}
            error={wrongAt("checkpointEveryMs")}
            onChange={setEveryMs}
          />
          {byHand.length === 0 || everyMs === null || everyMs === 0 ? null : (
            <p className={classes.warning}>
              Belay takes {listWords(byHand)} back only when you call for it: the settings of each VM say whether it may
              go back by itself.
            </p>
          )}
        </FormPart>
      ) : (
        <p>{none} Its checkpoints cannot be chosen in this mode.</p>
      )}
    </Form>
  );
}
