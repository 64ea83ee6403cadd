import { Checkbox } from "@mantine/core";
import { useState } from "react";
import { dateWords, freshKey, lossWords, restoreCheckpoint, serverNow } from "../../lib/client/index.ts";
import type { CheckpointView, VmView } from "../../lib/contract/index.ts";
import { can, captureMethods } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { tellOutcome } from "../cloud/tell-outcome.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./restore-dialog.module.css";

const givesUpAfterMs = 180_000;

export interface RestoreDialogProps {
  readonly vm: VmView;
  /** undefined: closed. */
  readonly checkpoint: CheckpointView | undefined;
  readonly onClose: () => void;
  /** It will be done; called without waiting, what it answers is called once it has ended. */
  readonly onAccepted: () => () => void;
}

/** Says what will be lost, by name, before anything is done. */
export function RestoreDialog({ vm, checkpoint, onClose, onAccepted }: RestoreDialogProps) {
  return (
    <Dialog
      title={`Take ${vm.name} back to ${checkpoint === undefined ? "" : dateWords(checkpoint.at)}?`}
      opened={checkpoint !== undefined}
      onClose={onClose}
    >
      {checkpoint === undefined ? null : (
        <Confirmation vm={vm} checkpoint={checkpoint} onClose={onClose} onAccepted={onAccepted} />
      )}
    </Dialog>
  );
}

type ConfirmationProps = RestoreDialogProps & { readonly checkpoint: CheckpointView };

function Confirmation({ vm, checkpoint, onClose, onAccepted }: ConfirmationProps) {
  const now = useNow(serverNow, 1_000);
  const [key] = useState(freshKey); // one per opened dialog: a double click is one restore
  const [confirmed, setConfirmed] = useState(false);
  const { busy, problem, ask } = useAsk();
  const viewer = useCloud().data?.viewer;
  const allowed = viewer === undefined || can.goBack(viewer, vm);
  const refused = allowed === true ? undefined : `${allowed} Make a copy beside it instead, to look inside.`;
  const restore = async () => {
    const intent = await ask(() => restoreCheckpoint(checkpoint.id, key));
    if (intent === undefined) return;
    const ended = onAccepted();
    const title = `Restore ${vm.name}`;
    await tellOutcome({ title, accepted: "Accepted: it is being taken back.", intent, givesUpAfterMs });
    ended();
  };
  return (
    <Form
      submit={`Restore ${vm.name}`}
      dangerous
      busy={busy}
      problem={problem}
      disabled={!confirmed || refused !== undefined}
      onSubmit={() => void restore()}
      onCancel={onClose}
    >
      {refused === undefined ? null : <p className={classes.refused}>{refused}</p>}
      <p className={classes.loss}>{lossWords(vm.name, checkpoint.at, now)}</p>
      <p>
        It is stopped now, and goes on as it was at {dateWords(checkpoint.at)}
        {captureMethods[checkpoint.method].memory
          ? ", in the middle of what it did then"
          : ": this checkpoint holds its disks alone, so it boots"}
        . Connections that are open break. Other VMs are not taken back with it.
      </p>
      <Checkbox
        disabled={refused !== undefined}
        label={`What ${vm.name} did since ${dateWords(checkpoint.at)} may be lost.`}
        checked={confirmed}
        onChange={(event) => setConfirmed(event.currentTarget.checked)}
        data-autofocus
      />
    </Form>
  );
}
