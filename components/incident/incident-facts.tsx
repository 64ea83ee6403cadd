import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import type { Certainty } from "../../lib/model/index.ts";
import { Panel } from "../ui/panel.tsx";
import classes from "./incident-facts.module.css";

const certaintyWords: Record<Certainty, string> = {
  certain: "Certain: what was seen leaves no other cause.",
  likely: "Likely: nothing seen speaks against it.",
  unsure: "Unsure: nothing is done on it alone.",
};

/** What was hit, and how sure the diagnosis is. */
export function IncidentFacts({ cloud, incident }: { readonly cloud: CloudView; readonly incident: IncidentView }) {
  const named = (list: readonly { readonly id: string; readonly name: string }[], id: string | null) =>
    list.find((it) => it.id === id)?.name;
  const facts: [string, string | undefined][] = [
    ["VM", named(cloud.vms, incident.vmId) ?? "gone"],
    ["Application", named(cloud.applications, incident.applicationId) ?? "none"],
    ["Owner", named(cloud.organizations, incident.organizationId) ?? "nobody"],
    ["Host", cloud.viewer.role === "provider" ? (named(cloud.hosts, incident.hostId) ?? "gone") : undefined],
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
