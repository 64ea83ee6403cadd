"use client";

import Link from "next/link";
import { checkpointLine, type LiveCloud, serverNow } from "../../lib/client/index.ts";
import type { VmView } from "../../lib/contract/index.ts";
import type { VmId } from "../../lib/model/index.ts";
import { CouldNot } from "../cloud/could-not.tsx";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { IncidentCard } from "../incident/incident-card.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import { OneThingHead } from "../ui/one-thing.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import { Warning } from "../ui/warning.tsx";
import { VmStateBadge } from "../vm/vm-state.tsx";
import { CheckpointTable } from "./checkpoint-table.tsx";
import { SavedHow } from "./saved-how.tsx";
import { TakeNow } from "./take-now.tsx";
import { useCheckpoints } from "./use-checkpoints.ts";

/** The saved states of one VM, and what a person does with them. */
export function CheckpointsPage({ id }: { readonly id: VmId }) {
  return <WithCloud title="Checkpoints">{(cloud) => <Found cloud={cloud} id={id} />}</WithCloud>;
}

function Found({ cloud, id }: { readonly cloud: LiveCloud; readonly id: VmId }) {
  const vm = cloud.vms.find((it) => it.id === id);
  if (vm !== undefined) return <One cloud={cloud} vm={vm} />;
  return (
    <>
      <PageHead title="Checkpoints" />
      <Situation kind="empty" title="There is no such VM." words={<Link href="/">To the VMs that there are</Link>} />
    </>
  );
}

function One({ cloud, vm }: { readonly cloud: LiveCloud; readonly vm: VmView }) {
  const now = useNow(serverNow, 1_000);
  const application = cloud.applications.find((it) => it.id === vm.applicationId);
  const status = cloud.checkpointStatuses.find((it) => it.vmId === vm.id);
  const incident = cloud.incidents.find((it) => it.vmId === vm.id && it.endedAt === null);
  const { checkpoints, error, isPending, refetch } = useCheckpoints(vm.id, status);
  const line = checkpointLine(
    { vm, application, status, toldEveryMs: cloud.checkpointsToldEveryMs, limits: cloud.checkpointLimits },
    now,
  );
  return (
    <>
      <OneThingHead
        title={`Checkpoints of ${vm.name}`}
        back={{ href: "/", words: cloud.viewer.role === "provider" ? "Cloud" : "Your applications" }}
        words={line.kind === "bad" ? "" : `${line.label} ${line.words}`.trim()}
      >
        <VmStateBadge vm={vm} />
        <SimulatedMark simulated={cloud.simulated} />
      </OneThingHead>
      {incident === undefined ? null : (
        <Panel title="Open incident">
          <IncidentCard incident={incident} cloud={cloud} />
        </Panel>
      )}
      {line.kind === "bad" ? <Warning title={`${line.label} ${line.words}`} /> : null}
      <Panel title="Checkpoints" aside={<TakeNow vm={vm} onDone={() => void refetch()} />}>
        {error === null ? null : <CouldNot error={error} retry={refetch} />}
        {checkpoints.length > 0 ? (
          <CheckpointTable vm={vm} checkpoints={checkpoints} onChanged={() => void refetch()} />
        ) : error !== null ? null : isPending ? (
          <Situation kind="loading" title="Fetching the checkpoints…" />
        ) : (
          <Situation
            kind="empty"
            title={`No state of ${vm.name} is saved.`}
            words="Choose an interval in the VM's settings, or take one now."
          />
        )}
      </Panel>
      <SavedHow vm={vm} application={application} status={status} />
    </>
  );
}
