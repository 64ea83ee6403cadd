import { Alert } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { freshKey, keys, killVm, rateOf, serverNow } from "../../lib/client/index.ts";
import type { ApplicationView, HostView, OrganizationView, TrafficSample, VmView } from "../../lib/contract/index.ts";
import type { VmId } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { tellOutcome } from "../cloud/tell-outcome.ts";
import { useAsk } from "../cloud/use-ask.ts";
import { Form } from "../ui/form.tsx";
import classes from "./kill-vm-dialog.module.css";
import { VmGone } from "./vm-gone.tsx";

export interface KillVmDialogProps {
  readonly id: VmId;
  /** The run that was shown when the dialog was opened: only that one is killed. */
  readonly seenRunId: number;
  readonly onClose: () => void;
}

/** What is asked before a VM is broken on purpose; the VM may stop, move or go while the dialog is open. */
export function KillVmDialog({ id, seenRunId, onClose }: KillVmDialogProps) {
  const cloud = useCloud().data;
  const vm = cloud?.vms.find((it) => it.id === id);
  if (cloud === undefined || vm === undefined) return <VmGone />;
  return (
    <Confirmation
      vm={vm}
      seenRunId={seenRunId}
      application={cloud.applications.find((it) => it.id === vm.applicationId)}
      owner={cloud.organizations.find((it) => it.id === vm.organizationId)}
      host={cloud.hosts.find((it) => it.id === vm.hostId)}
      onClose={onClose}
    />
  );
}

interface ConfirmationProps {
  readonly vm: VmView;
  readonly seenRunId: number;
  readonly application: ApplicationView | undefined;
  readonly owner: OrganizationView | undefined;
  readonly host: HostView | undefined;
  readonly onClose: () => void;
}

/** Everything that will be hit, before it is hit. */
function Confirmation({ vm, seenRunId, application, owner, host, onClose }: ConfirmationProps) {
  const [key] = useState(freshKey); // one per opened dialog: a double click is one kill
  const { busy, problem, ask } = useAsk();
  const perSecond = useRequestsPerSecond(application);
  const isOther = vm.runId !== seenRunId;

  const kill = async () => {
    const intent = await ask(() => killVm({ vmId: vm.id, runId: seenRunId, idempotencyKey: key }));
    if (intent === undefined) return;
    void tellOutcome({
      title: `Kill ${vm.name}`,
      accepted: `Accepted: run ${seenRunId} will be killed.`,
      intent,
      givesUpAfterMs: 20_000,
    });
    onClose();
  };

  return (
    <Form
      submit={`Kill ${vm.name}`}
      dangerous
      busy={busy}
      problem={problem}
      disabled={isOther}
      onSubmit={() => void kill()}
      onCancel={onClose}
    >
      <p className={classes.lead}>
        The VM's process on its host ends at once, as if its power were cut. Belay is not told: it has to notice, and
        then repairs the VM if it is protected.
      </p>
      <dl className={classes.hit}>
        <dt>VM</dt>
        <dd>
          {vm.name}, run {seenRunId}
        </dd>
        <dt>Application</dt>
        <dd>{application?.name ?? "none"}</dd>
        <dt>Owner</dt>
        <dd>{owner?.name ?? "nobody yet"}</dd>
        <dt>Host</dt>
        <dd>{host === undefined ? "none now" : `${host.name}: only this VM is touched`}</dd>
        <dt>Requests</dt>
        <dd>
          Those under way, and those that come until it answers again, are lost
          {perSecond === undefined ? "." : `: the application gets about ${Math.round(perSecond)} per second.`}
        </dd>
      </dl>
      {isOther ? (
        <Alert className={classes.notice} role="status">
          {vm.runId === null
            ? `Run ${seenRunId} has ended by itself.`
            : `The VM was started anew or moved since: it is now in run ${vm.runId}.`}{" "}
          Nothing will be killed. Close, and look again.
        </Alert>
      ) : null}
    </Form>
  );
}

/** What the application was asked for per second lately; undefined where nobody counts. */
function useRequestsPerSecond(application: ApplicationView | undefined): number | undefined {
  const cache = useQueryClient();
  if (application === undefined) return undefined;
  const samples = cache.getQueryData<readonly TrafficSample[]>(keys.traffic(application.id)) ?? [];
  const rate = rateOf(samples, serverNow());
  return rate === undefined ? undefined : rate.answeredPerSecond + rate.failedPerSecond;
}
