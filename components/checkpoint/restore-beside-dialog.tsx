import { TextInput } from "@mantine/core";
import { useState } from "react";
import { dateWords, freshKey, restoreBeside } from "../../lib/client/index.ts";
import type { CheckpointView, VmView } from "../../lib/contract/index.ts";
import { tellOutcome } from "../cloud/tell-outcome.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import classes from "./restore-dialog.module.css";

const givesUpAfterMs = 180_000;

export interface RestoreBesideDialogProps {
  readonly vm: VmView;
  /** undefined: closed. */
  readonly checkpoint: CheckpointView | undefined;
  readonly onClose: () => void;
  /** It will be done; called without waiting, what it answers is called once it has ended. */
  readonly onAccepted: () => () => void;
}

/** A second VM from a saved state, to look inside; the first is not touched. */
export function RestoreBesideDialog({ vm, checkpoint, onClose, onAccepted }: RestoreBesideDialogProps) {
  return (
    <Dialog title={`A copy of ${vm.name} beside it`} opened={checkpoint !== undefined} onClose={onClose}>
      {checkpoint === undefined ? null : (
        <Inputs vm={vm} checkpoint={checkpoint} onClose={onClose} onAccepted={onAccepted} />
      )}
    </Dialog>
  );
}

function Inputs({
  vm,
  checkpoint,
  onClose,
  onAccepted,
}: RestoreBesideDialogProps & { readonly checkpoint: CheckpointView }) {
  const [key] = useState(freshKey);
  const [name, setName] = useState(`${vm.name}-look`);
  const { busy, problem, wrongAt, ask } = useAsk();
  const restore = async () => {
    const intent = await ask(() => restoreBeside(checkpoint.id, name, key));
    if (intent === undefined) return;
    const ended = onAccepted();
    const accepted = "Accepted: it is being made.";
    await tellOutcome({ title: `Restore ${name} beside ${vm.name}`, accepted, intent, givesUpAfterMs });
    ended();
  };
  return (
    <Form
      submit="Make the copy"
      busy={busy}
      problem={problem}
      disabled={name.trim() === ""}
      onSubmit={() => void restore()}
      onCancel={onClose}
    >
      <p className={classes.lead}>
        A new VM goes on from {dateWords(checkpoint.at)}, cut off from the network, so that you can look inside.{" "}
        {vm.name} runs on as it is. Nothing repairs the copy.
      </p>
      <TextInput
        label="Name of the copy"
        description="Small letters, digits, dots and dashes."
        value={name}
        error={wrongAt("name")}
        onChange={(event) => setName(event.currentTarget.value)}
        data-autofocus
      />
    </Form>
  );
}
