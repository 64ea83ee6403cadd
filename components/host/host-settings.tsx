import { Switch, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { changeHost } from "../../lib/client/index.ts";
import type { HostView } from "../../lib/contract/index.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Form } from "../ui/form.tsx";

export interface HostSettingsProps {
  readonly host: HostView;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Rack, shared directories and fault injection of a host. */
export const HostSettings = ({ host, opened, onClose }: HostSettingsProps) => (
  <Dialog title={`Settings of ${host.name}`} opened={opened} onClose={onClose}>
    <Inputs host={host} onClose={onClose} />
  </Dialog>
);

function Inputs({ host, onClose }: { readonly host: HostView; readonly onClose: () => void }) {
  const { busy, problem, wrongAt, ask } = useAsk();
  const [rack, setRack] = useState(host.rack ?? "");
  const [paths, setPaths] = useState(host.sharedPaths.join("\n"));
  const [faultInjection, setFaultInjection] = useState(host.faultInjection);
  const save = async () => {
    const sharedPaths = paths
      .split("\n")
      .map((it) => it.trim())
      .filter((it) => it !== "");
    const body = { rack: rack.trim() === "" ? null : rack, sharedPaths, faultInjection };
    if ((await ask(() => changeHost(host.id, body))) !== undefined) onClose();
  };
  return (
    <Form submit="Save" busy={busy} problem={problem} onSubmit={() => void save()} onCancel={onClose}>
      <TextInput
        label="Rack"
        description="Hosts of one rack may fail together: VMs of one group are spread over racks. Empty: a failure domain of its own."
        value={rack}
        error={wrongAt("rack")}
        onChange={(event) => setRack(event.currentTarget.value)}
        data-autofocus
      />
      <Textarea
        label="Shared directories"
        description="One a line. Every host that names one of them must see the same files in it: VMs whose disks lie there may start on each."
        autosize
        minRows={2}
        value={paths}
        error={wrongAt("sharedPaths")}
        onChange={(event) => setPaths(event.currentTarget.value)}
      />
      <Switch
        label="Faults may be injected into VMs of this host"
        checked={faultInjection}
        onChange={(event) => setFaultInjection(event.currentTarget.checked)}
      />
    </Form>
  );
}
