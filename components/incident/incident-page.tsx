"use client";

import { incidentTitle, type LiveCloud } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import { type IncidentId, incidentStates } from "../../lib/model/index.ts";
import { NotYet } from "../cloud/could-not.tsx";
import { WithCloud } from "../cloud/with-cloud.tsx";
import { ConversationPanel } from "../collaboration/conversation-panel.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import { OneThingHead, TwoColumns } from "../ui/one-thing.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { EvidenceList } from "./evidence-list.tsx";
import { HostQuestions } from "./host-questions.tsx";
import { IncidentFacts } from "./incident-facts.tsx";
import classes from "./incident-page.module.css";
import { IncidentParts } from "./incident-parts.tsx";
import { IncidentStateBadge } from "./incident-state.tsx";
import { IncidentTimes } from "./incident-times.tsx";
import { RepairPanel } from "./repair-panel.tsx";
import { useIncident } from "./use-incidents.ts";

/** Everything that is known of one incident. */
export function IncidentPage({ id }: { readonly id: IncidentId }) {
  return <WithCloud title="Incident">{(cloud) => <Found cloud={cloud} id={id} />}</WithCloud>;
}

function Found({ cloud, id }: { readonly cloud: LiveCloud; readonly id: IncidentId }) {
  const { incident, error, refetch } = useIncident(cloud, id);
  if (incident !== undefined) return <One cloud={cloud} incident={incident} />;
  return <NotYet title="Incident" asking="Fetching the incident…" error={error} retry={refetch} />;
}

/** Where its owner has a part in the repair, or had when it began. */
const isOfBoth = (cloud: LiveCloud, { applicationId, repairs, layer }: IncidentView): boolean =>
  layer === "application" ||
  repairs.some((it) => it.technique === "assisted-rebuild" || it.technique === "assisted-evacuate") ||
  cloud.applications.some((it) => it.id === applicationId && it.mode === "collaborative");

function One({ cloud, incident }: { readonly cloud: LiveCloud; readonly incident: IncidentView }) {
  const title = incidentTitle(incident, cloud);
  return (
    <>
      <OneThingHead
        title={title}
        back={{ href: "/incidents", words: "All incidents" }}
        words={incident.words || incidentStates[incident.state].words}
      >
        <IncidentStateBadge state={incident.state} />
        <SimulatedMark simulated={cloud.simulated} />
      </OneThingHead>
      <HostQuestions cloud={cloud} incident={incident} />
      <Panel title="When">
        <div className={classes.times}>
          <IncidentTimes incident={incident} />
        </div>
      </Panel>
      <TwoColumns
        left={
          <>
            {incident.vmId === null ? <IncidentParts cloud={cloud} incident={incident} /> : null}
            {incident.repairs.length === 0 ? (
              <Panel title="Repair">
                <Situation kind="empty" title="No repair was begun." words={incident.words} />
              </Panel>
            ) : (
              incident.repairs.map((repair) => <RepairPanel key={repair.id} repair={repair} incident={incident} />)
            )}
            {isOfBoth(cloud, incident) ? (
              <ConversationPanel
                incident={incident.id}
                title="What both said"
                empty="Provider and customer have not spoken about it."
              />
            ) : null}
          </>
        }
        right={
          <>
            <IncidentFacts cloud={cloud} incident={incident} />
            <EvidenceList evidence={incident.evidence} />
          </>
        }
      />
    </>
  );
}
