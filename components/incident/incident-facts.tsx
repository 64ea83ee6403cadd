import Link from "next/link";
import type { ReactNode } from "react";
import { failedThing } from "../../lib/client/index.ts";
import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import type { Certainty } from "../../lib/model/index.ts";
import { Panel } from "../ui/panel.tsx";
import classes from "./incident-facts.module.css";

const certaintyWords: Record<Certainty, string> = {
  certain: "Certain: what was seen leaves no other cause.",
  likely: "Likely: nothing seen speaks against it.",
  unsure: "Unsure: nothing is done on it alone.",
};

type Fact = readonly [name: string, value: ReactNode];

const hostLink = (cloud: CloudView, id: string | null) => {
  const host = cloud.hosts.find((it) => it.id === id);
  return host === undefined ? "gone" : <Link href={`/hosts/${host.id}`}>{host.name}</Link>;
};
const partLink = (cloud: CloudView, id: string) => {
  const whole = cloud.incidents.find((it) => it.id === id);
  return (
    <Link href={`/incidents/${id}`}>
      {whole === undefined ? "the incident of its host" : `the incident of ${failedThing(whole, cloud)}`}
    </Link>
  );
};

/** What was hit, and how sure the diagnosis is. */
export function IncidentFacts({ cloud, incident }: { readonly cloud: CloudView; readonly incident: IncidentView }) {
  const named = (list: readonly { readonly id: string; readonly name: string }[], id: string | null) =>
    list.find((it) => it.id === id)?.name;
  const facts: Fact[] = [
    ...(incident.vmId === null
      ? []
      : ([
          ["VM", named(cloud.vms, incident.vmId) ?? "gone"],
          ["Application", named(cloud.applications, incident.applicationId) ?? "none"],
          ["Owner", named(cloud.organizations, incident.organizationId) ?? "nobody"],
        ] satisfies Fact[])),
    ["Host", cloud.viewer.role === "provider" ? hostLink(cloud, incident.hostId) : undefined],
    ["Part of", incident.partOf === null ? undefined : partLink(cloud, incident.partOf)],
    ["Layer", incident.layer],
    ["Diagnosis", certaintyWords[incident.certainty]],
    ["Number", incident.id],
  ];
  return (
    <Panel title="What was hit">
      <dl className={classes.facts}>
        {facts.map(([name, value]) =>
          value === undefined ? null : (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
        )}
      </dl>
    </Panel>
  );
}
