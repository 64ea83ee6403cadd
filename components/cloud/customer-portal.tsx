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
import { WithCloud } from "./with-cloud.tsx";

/** A customer's page: what is theirs, and nothing of the provider's or of others. */
export function CustomerPortal() {
  return <WithCloud title="Your applications">{(cloud) => <Portal cloud={cloud} />}</WithCloud>;
}

function Portal({ cloud }: { readonly cloud: CloudView }) {
  const { vms, applications, organizations } = cloud;
  const running = vms.filter((it) => it.state === "running").length;
  return (
    <>
      <PageHead title="Your applications">
        {organizations.map((it) => (
          <span key={it.id}>{it.name}</span>
        ))}
        <span>
          {running} of {vms.length} VMs running
        </span>
      </PageHead>
      <OpenIncidents cloud={cloud} />
      {applications.length === 0 && vms.length === 0 ? (
        <Panel title="Applications and VMs">
          <Situation kind="empty" title="Nothing is yours yet." words="Your provider says which VMs are yours." />
        </Panel>
      ) : (
        <section aria-labelledby="map-title">
          <h2 id="map-title" className={classes.title}>
            Applications and VMs
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
