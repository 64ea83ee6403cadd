"use client";

import type { CloudView } from "../../lib/contract/index.ts";
import { LatestIncidents } from "../incident/latest-incidents.tsx";
import { OpenIncidents } from "../incident/open-incidents.tsx";
import { PageHead } from "../ui/page-head.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { CloudMap } from "./cloud-map.tsx";
import classes from "./cloud-page.module.css";
import { EventLog } from "./event-log.tsx";
import { StoreFullWarning } from "./store-full-warning.tsx";
import { ToleranceWarning } from "./tolerance-warning.tsx";
import { WithCloud } from "./with-cloud.tsx";

/** The provider's page: hosts, VMs and applications, what is wrong, and what happened. */
export function ProviderCloud() {
  return <WithCloud title="Cloud">{(cloud) => <Cloud cloud={cloud} />}</WithCloud>;
}

function Cloud({ cloud }: { readonly cloud: CloudView }) {
  const { hosts, vms, applications } = cloud;
  const up = hosts.filter((it) => it.state === "up").length;
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <>
      <PageHead title="Cloud">
        <span>
          {up} of {hosts.length} hosts up
        </span>
        <span>
          {running} of {vms.length} VMs running
        </span>
        <span>
          {applications.length} {applications.length === 1 ? "application" : "applications"}
        </span>
      </PageHead>
      <StoreFullWarning cloud={cloud} />
      <ToleranceWarning cloud={cloud} />
      <OpenIncidents cloud={cloud} />
      {hosts.length === 0 ? (
        <Panel title="Hosts, VMs and applications">
          <Situation
            kind="empty"
            title="Belay watches no host yet."
            words={
              <>
                Add one on the server's machine: <code>npm run host -- add qemu+ssh://root@ADDRESS/system</code>. It
                shows the host's key to approve, and says what is missing.
              </>
            }
          />
        </Panel>
      ) : (
        <section aria-labelledby="map-title">
          <h2 id="map-title" className={classes.title}>
            Hosts, VMs and applications
          </h2>
          <CloudMap cloud={cloud} />
        </section>
      )}
      <div className={classes.below}>
        <EventLog />
        <LatestIncidents cloud={cloud} />
      </div>
    </>
  );
}
