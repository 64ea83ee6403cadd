import { Button, Modal, Tooltip } from "@mantine/core";
import { Zap } from "lucide-react";
import { useId, useState } from "react";
import type { ApplicationView, HostView, OrganizationView, VmView } from "../../lib/contract/index.ts";
import { can } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { Hidden } from "../ui/hidden.tsx";
import { KillVmDialog } from "./kill-vm-dialog.tsx";

export interface KillVmProps {
  readonly vm: VmView;
  readonly application: ApplicationView | undefined;
  readonly owner: OrganizationView | undefined;
  readonly host: HostView;
}

/** The button that breaks a VM on purpose. Where that may not be, it says why instead of vanishing. */
export function KillVm({ vm, application, owner, host }: KillVmProps) {
  const viewer = useCloud().data?.viewer;
  /** The run that the person looked at when they pressed the button; null while no dialog is open. */
  const [seenRunId, setSeenRunId] = useState<number | null>(null);
  const close = () => setSeenRunId(null);
  const reasonId = useId();
  if (viewer === undefined) return null;
  const allowed = can.killVm(viewer, vm, host);
  const why = allowed === true && vm.runId === null ? "The VM is not running." : allowed;
  const button = (
    // Not `disabled`: a person with a keyboard must reach it to learn the reason.
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<Zap size={12} color="var(--bad)" aria-hidden="true" />}
      aria-label={`Kill VM ${vm.name}`}
      aria-disabled={why !== true}
      aria-describedby={why === true ? undefined : reasonId}
      data-disabled={why !== true || undefined}
      onClick={(event) => (why === true ? setSeenRunId(vm.runId) : event.preventDefault())}
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
      <Modal
        opened={seenRunId !== null}
        onClose={close}
        title={`Kill VM ${vm.name}?`}
        centered
        size="md"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {seenRunId === null ? null : (
          <KillVmDialog
            vm={vm}
            seenRunId={seenRunId}
            application={application}
            owner={owner}
            host={host}
            onClose={close}
          />
        )}
      </Modal>
    </>
  );
}
