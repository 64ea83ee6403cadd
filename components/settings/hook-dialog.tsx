import { NumberInput, Select, Switch, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { putHook } from "../../lib/client/index.ts";
import { causeNames, type HookView } from "../../lib/contract/index.ts";
import { causes } from "../../lib/model/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";

export interface HookDialogProps {
  /** undefined for a new one. */
  readonly hook: HookView | undefined;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export const HookDialog = ({ hook, opened, onClose }: HookDialogProps) => (
  <Dialog title={hook === undefined ? "Add a hook" : "Change the hook"} opened={opened} onClose={onClose} size="lg">
    <Inputs hook={hook} onClose={onClose} />
  </Dialog>
);

function Inputs({ hook, onClose }: Omit<HookDialogProps, "opened">) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [program, setProgram] = useState(hook?.program ?? "");
  const [args, setArgs] = useState((hook?.args ?? []).join("\n"));
  const [cause, setCause] = useState(hook?.cause ?? "qemu-died");
  const [role, setRole] = useState(hook?.role ?? "beside");
  const [seconds, setSeconds] = useState<number | string>((hook?.timeoutMs ?? 30_000) / 1000);
  const [enabled, setEnabled] = useState(hook?.enabled ?? true);
  const save = async () => {
    const lines = args.split("\n").filter((it) => it !== "");
    const body = { program, args: lines, cause, role, timeoutMs: Number(seconds) * 1000, enabled };
    if ((await ask(() => putHook(hook?.id, body))) !== undefined) onClose();
  };
  return (
    <Form submit="Save" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      <TextInput
        label="Program"
        description="Name of a file in the directory hooks of the server's data. It gets the failure as BELAY_… and as JSON on standard input."
        value={program}
        error={wrongAt("program")}
        onChange={(event) => setProgram(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="Arguments"
        description="One a line, given as they are: no shell reads them."
        autosize
        minRows={2}
        value={args}
        error={wrongAt("args")}
        onChange={(event) => setArgs(event.currentTarget.value)}
      />
      <Select
        label="Failure"
        data={causeNames.map((value) => ({ value, label: causes[value] }))}
        value={cause}
        allowDeselect={false}
        error={wrongAt("cause")}
        onChange={(value) => setCause(causeNames.find((it) => it === value) ?? cause)}
      />
      <Select
        label="What it is"
        data={[
          { value: "beside", label: "It is told, and Belay repairs" },
          { value: "instead", label: "It is the repair, instead of Belay's" },
        ]}
        value={role}
        allowDeselect={false}
        error={wrongAt("role")}
        onChange={(value) => setRole(value === "instead" ? "instead" : "beside")}
      />
      <NumberInput
        label="Time-out in seconds"
        min={1}
        max={600}
        value={seconds}
        error={wrongAt("timeoutMs")}
        onChange={setSeconds}
      />
      <Switch label="On" checked={enabled} onChange={(event) => setEnabled(event.currentTarget.checked)} />
    </Form>
  );
}
