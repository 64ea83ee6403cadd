import { NumberInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { putFenceDevice } from "../../lib/client/index.ts";
import type { FenceDeviceView, HostView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";
import { linesOf, optionsOf } from "./fence-options.ts";

export interface FenceDeviceDialogProps {
  readonly host: HostView;
  /** undefined for a new one. */
  readonly device: FenceDeviceView | undefined;
  /** The first free place in the order. */
  readonly position: number;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** A power switch: the agent's program, what it needs to know, and how long it may take. */
export function FenceDeviceDialog({ opened, onClose, ...asked }: FenceDeviceDialogProps) {
  const title = asked.device === undefined ? `Add a power switch of ${asked.host.name}` : "Change the power switch";
  return (
    <Dialog title={title} opened={opened} onClose={onClose} size="lg">
      <Inputs {...asked} onClose={onClose} />
    </Dialog>
  );
}

function Inputs({ host, device, position: free, onClose }: Omit<FenceDeviceDialogProps, "opened">) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [agent, setAgent] = useState(device?.agent ?? "fence_ipmilan");
  const [lines, setLines] = useState(linesOf(device?.options ?? {}));
  const [position, setPosition] = useState<number | string>(device?.position ?? free);
  const [seconds, setSeconds] = useState<number | string>((device?.timeoutMs ?? 20_000) / 1000);
  const { options, wrong } = optionsOf(lines);
  const save = async () => {
    const body = { agent, options, position: Number(position), timeoutMs: Number(seconds) * 1000 };
    if ((await ask(() => putFenceDevice(host.id, device?.id, body))) !== undefined) onClose();
  };
  return (
    <Form
      submit="Save"
      busy={busy}
      problem={problem}
      disabled={wrong !== undefined}
      onSubmit={() => void save()}
      onCancel={onClose}
    >
      <TextInput
        label="Agent"
        description="A fence agent of the server: fence_ipmilan, fence_redfish, fence_apc_snmp, …"
        value={agent}
        error={wrongAt("agent")}
        onChange={(event) => setAgent(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="Options"
        description="One name=value a line, as the agent's page names them: ip, username, password, plug, … Secrets are never shown again."
        autosize
        minRows={4}
        value={lines}
        error={wrong ?? wrongAt("options")}
        onChange={(event) => setLines(event.currentTarget.value)}
        styles={{ input: { fontFamily: "var(--font-mono)" } }}
      />
      <NumberInput
        label="Order"
        description="1 is asked first; the next one when it fails."
        min={1}
        max={16}
        allowDecimal={false}
        value={position}
        error={wrongAt("position")}
        onChange={setPosition}
      />
      <NumberInput
        label="Time-out in seconds"
        min={1}
        max={120}
        value={seconds}
        error={wrongAt("timeoutMs")}
        onChange={setSeconds}
      />
    </Form>
  );
}
