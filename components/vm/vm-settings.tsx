import { NumberInput, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { changeVm } from "../../lib/client/index.ts";
import type { ApplicationView, CloudView, VmView } from "../../lib/contract/index.ts";
import { type Consent, can, consentLadder, type VmId } from "../../lib/model/index.ts";
import { SavedStates, type Saving } from "../checkpoint/saved-states.tsx";
import { useCloud } from "../cloud/cloud-context.tsx";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import { SettingsButton } from "../ui/settings-button.tsx";
import { VmGone } from "./vm-gone.tsx";

const consentWords: Record<Consent, string> = {
  notify: "Only say that it failed",
  "restart-application": "Restart the application",
  "restart-vm": "Restart the VM where it is",
  relocate: "Start the VM on another host",
  "roll-back": "Go back to an older state",
  recreate: "Make the VM anew from its image",
};

/** What its owner allows and wishes for a VM. */
export function VmSettings({ vm: { id, name } }: { readonly vm: VmView }) {
  return (
    <SettingsButton title={`Settings of ${name}`} content={(close) => <VmSettingsForm id={id} onClose={close} />} />
  );
}

function VmSettingsForm({ id, onClose }: { readonly id: VmId; readonly onClose: () => void }) {
  const cloud = useCloud().data;
  if (cloud === undefined) return null;
  const vm = cloud.vms.find((it) => it.id === id);
  if (vm === undefined) return <VmGone />;
  const application = cloud.applications.find((it) => it.id === vm.applicationId);
  return <Inputs vm={vm} application={application} cloud={cloud} onClose={onClose} />;
}

const orNull = (name: string) => (name.trim() === "" ? null : name.trim());

interface InputsProps {
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  readonly cloud: CloudView;
  readonly onClose: () => void;
}

function Inputs({ vm, application, cloud, onClose }: InputsProps) {
  const { viewer, checkpointLimits } = cloud;
  const { busy, problem, wrongAt, ask } = useAsk();
  const [consent, setConsent] = useState<Consent>(vm.consent);
  const [apart, setApart] = useState(vm.apart ?? "");
  const [together, setTogether] = useState(vm.together ?? "");
  const [rollbackIntolerant, setRollbackIntolerant] = useState(vm.rollbackIntolerant);
  const [priority, setPriority] = useState<number | string>(vm.priority);
  const [saving, setSaving] = useState<Saving>({
    everyMs: vm.checkpointEveryMs,
    standby: vm.standby,
    group: vm.checkpointGroup ?? "",
  });
  const mayPrioritise = can.prioritiseVm(viewer) === true;
  const save = async () => {
    const body = {
      consent,
      apart: orNull(apart),
      together: orNull(together),
      rollbackIntolerant,
      checkpointEveryMs: saving.everyMs,
      standby: saving.standby,
      checkpointGroup: orNull(saving.group),
      ...(mayPrioritise && { priority: Number(priority) }),
    };
    if ((await ask(() => changeVm(vm.id, body))) !== undefined) onClose();
  };
  return (
    <Form submit="Save" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      <Select
        label="What Belay may do when it fails"
        description="Each step includes those before it."
        data={consentLadder.map((value) => ({ value, label: consentWords[value] }))}
        value={consent}
        allowDeselect={false}
        error={wrongAt("consent")}
        onChange={(value) => setConsent(consentLadder.find((it) => it === value) ?? consent)}
      />
      <TextInput
        label="Keep apart: group"
        description="VMs of one group are kept on different hosts, so that one host's death takes one of them."
        value={apart}
        error={wrongAt("apart")}
        onChange={(event) => setApart(event.currentTarget.value)}
      />
      <TextInput
        label="Keep together: group"
        description="VMs of one group are kept on one host."
        value={together}
        error={wrongAt("together")}
        onChange={(event) => setTogether(event.currentTarget.value)}
      />
      <Switch
        label="It must never go back to an older state"
        checked={rollbackIntolerant}
        onChange={(event) => setRollbackIntolerant(event.currentTarget.checked)}
      />
      <SavedStates
        vm={{ ...vm, consent, rollbackIntolerant }}
        application={application}
        limits={checkpointLimits}
        value={saving}
        wrongAt={wrongAt}
        onChange={setSaving}
        onLeave={onClose}
      />
      {mayPrioritise ? (
        <NumberInput
          label="Priority"
          description="0 to 9. After a host's death the higher number is started first, and gets the room where it is scarce."
          min={0}
          max={9}
          allowDecimal={false}
          value={priority}
          error={wrongAt("priority")}
          onChange={setPriority}
        />
      ) : null}
    </Form>
  );
}
