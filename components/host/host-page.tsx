"use client";

import Link from "next/link";
import { type LiveCloud, protectionOfHost } from "../../lib/client/index.ts";
import type { HostView } from "../../lib/contract/index.ts";
import { type HostId, hostHealths, hostStates } from "../../lib/model/index.ts";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { IncidentCard } from "../incident/incident-card.tsx";
import { OneThingHead, TwoColumns } from "../ui/one-thing.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { ProtectionLine } from "../vm/protection-line.tsx";
import { FenceDevices } from "./fence-devices.tsx";
import { HostHealthBadge, HostStandingBadge, HostStateBadge } from "./host-badges.tsx";
import { HostCapacity } from "./host-capacity.tsx";
import { HostFacts } from "./host-facts.tsx";
import classes from "./host-page.module.css";
import { HostVms } from "./host-vms.tsx";
import { connectionOf, standingOf } from "./host-words.ts";
import { IfItDied } from "./if-it-died.tsx";
import { MaintenancePanel } from "./maintenance-panel.tsx";

/** Everything that is known of one host, and what a person does with it. */
export function HostPage({ id }: { readonly id: HostId }) {
  return <WithCloud title="Host">{(cloud) => <Found cloud={cloud} id={id} />}</WithCloud>;
}

function Found({ cloud, id }: { readonly cloud: LiveCloud; readonly id: HostId }) {
  const host = cloud.hosts.find((it) => it.id === id);
  if (host !== undefined) return <One cloud={cloud} host={host} />;
  return (
    <>
      <PageHead title="Host" />
      <Situation
        kind="empty"
        title="Belay does not watch this host."
        words={<Link href="/">It may have been removed. To the cloud</Link>}
      />
    </>
  );
}

function One({ cloud, host }: { readonly cloud: LiveCloud; readonly host: HostView }) {
  const incident = cloud.incidents.find((it) => it.vmId === null && it.hostId === host.id && it.endedAt === null);
  return (
    <>
      <OneThingHead title={host.name} back={{ href: "/", words: "Cloud" }} words={situationOf(host)}>
        <HostStateBadge host={host} />
        <HostHealthBadge host={host} />
        <HostStandingBadge host={host} />
      </OneThingHead>
      {incident === undefined ? null : (
        <Panel title="Open incident">
          <IncidentCard incident={incident} cloud={cloud} />
        </Panel>
      )}
      <TwoColumns
        left={
          <>
            <Panel title="Protection">
              <div className={classes.padded}>
                <ProtectionLine protection={protectionOfHost(host)} />
              </div>
            </Panel>
            <FenceDevices host={host} devices={cloud.fenceDevices.filter((it) => it.hostId === host.id)} />
            <MaintenancePanel cloud={cloud} host={host} />
          </>
        }
        right={
          <>
            <HostFacts host={host} />
            <HostCapacity cloud={cloud} host={host} />
            {host.standing === "fencing" || host.standing === "fenced" ? null : <IfItDied cloud={cloud} host={host} />}
            <HostVms cloud={cloud} host={host} />
          </>
        }
      />
    </>
  );
}

/** The plainest true sentence about it. */
function situationOf(host: HostView): string {
  if (host.standing !== "in-use") return standingOf(host);
  if (host.state !== "up") return connectionOf(host);
  return host.health === "green" ? hostStates.up.words : hostHealths[host.health];
}
