import { Button, Tooltip } from "@mantine/core";
import { Zap } from "lucide-react";
import { useId } from "react";
import type { HostView, VmView } from "../../lib/contract/index.ts";
import { can } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { useDialogs } from "../ui/dialogs.tsx";
import { Hidden } from "../ui/hidden.tsx";
import { KillVmDialog } from "./kill-vm-dialog.tsx";

export interface KillVmProps {
  readonly vm: VmView;
  readonly host: HostView;
}

/** The button that breaks a VM on purpose. Where that may not be, it says why instead of vanishing. */
export function KillVm({ vm, host }: KillVmProps) {
  const viewer = useCloud().data?.viewer;
  const open = useDialogs();
  const reasonId = useId();
  if (viewer === undefined) return null;
  const { id, name, runId } = vm;
  const allowed = can.killVm(viewer, vm, host);
  const why = allowed === true && runId === null ? "The VM is not running." : allowed;
  const ask = () => {
    if (why !== true || runId === null) return;
    const content = (close: () => void) => <KillVmDialog id={id} seenRunId={runId} onClose={close} />;
    open({ title: `Kill VM ${name}?`, content });
  };
  const button = (
    // Not `disabled`: a person with a keyboard must reach it to learn the reason.
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<Zap size={12} color="var(--bad)" aria-hidden="true" />}
      aria-label={`Kill VM ${name}`}
      aria-disabled={why !== true}
      aria-describedby={why === true ? undefined : reasonId}
      data-disabled={why !== true || undefined}
      onClick={ask}
    >
      Kill VM
    </Button>
  );
  return (
    <>
      {why === true ? (
        button
      ) : (
        <Tooltip label={why} events={{ hover: true, focus: true, touch: true }}>
          {button}
        </Tooltip>
      )}
      {why === true ? null : <Hidden id={reasonId}>{why}</Hidden>}
    </>
  );
}
