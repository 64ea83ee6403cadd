import { Button, Checkbox } from "@mantine/core";
import { PowerOff } from "lucide-react";
import { useState } from "react";
import { sayHostOff } from "../../lib/client/index.ts";
import type { HostView, IncidentView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { Panel } from "../ui/panel.tsx";
import classes from "./host-questions.module.css";

/** Nothing proves that the host is off yet: a person who stands before it may. */
export function OffQuestion({ incident, host }: { readonly incident: IncidentView; readonly host: HostView }) {
  const [opened, setOpened] = useState(false);
  const close = () => setOpened(false);
  return (
    <Panel title={`${host.name} is not proven off`}>
      <div className={classes.question}>
        <p>
          Its VMs start elsewhere as soon as a power switch or the end of its lease proves that it is off. If you have
          switched it off yourself, say so, and they start now.
        </p>
        <Button
          variant="default"
          className={classes.button}
          leftSection={<PowerOff size={15} aria-hidden="true" />}
          onClick={() => setOpened(true)}
        >
          {host.name} is off…
        </Button>
      </div>
      <Dialog title={`Is ${host.name} really off?`} opened={opened} onClose={close}>
        <Confirmation incident={incident} host={host} onClose={close} />
      </Dialog>
    </Panel>
  );
}

interface ConfirmationProps {
  readonly incident: IncidentView;
  readonly host: HostView;
  readonly onClose: () => void;
}

function Confirmation({ incident, host, onClose }: ConfirmationProps) {
  const { busy, problem, ask } = useAsk();
  const [confirmed, setConfirmed] = useState(false);
  const say = async () => {
    if ((await ask(() => sayHostOff(incident.id))) !== undefined) onClose();
  };
  return (
    <Form
      submit={`${host.name} is off`}
      dangerous
      busy={busy}
      problem={problem}
      disabled={!confirmed}
      onSubmit={() => void say()}
      onCancel={onClose}
    >
      <p>Belay takes your word as proof, and starts every VM of {host.name} on another host at once.</p>
      <p className={classes.danger}>
        If the host is in fact running, two copies of each VM write to the same disk, and their data is destroyed. That
        it answers nobody is not enough: go there, or ask who is there.
      </p>
      <Checkbox
        label={`${host.name} has no power, and I keep it so until Belay says that it may come back.`}
        checked={confirmed}
        onChange={(event) => setConfirmed(event.currentTarget.checked)}
        data-autofocus
      />
    </Form>
  );
}
