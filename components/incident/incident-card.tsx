import Link from "next/link";
import { causeSentence, failedThing, spanWords } from "../../lib/client/index.ts";
import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import classes from "./incident-card.module.css";
import { IncidentStateBadge } from "./incident-state.tsx";
import { IncidentTimes } from "./incident-times.tsx";
import { RepairSteps } from "./repair-steps.tsx";
import { Stopwatch } from "./stopwatch.tsx";

/** One incident as it goes: what failed, for how long, what is done about it. */
export function IncidentCard({ incident, cloud }: { readonly incident: IncidentView; readonly cloud: CloudView }) {
  const name = failedThing(incident, cloud);
  const repair = incident.repairs.at(-1);
  return (
    <article className={classes.card} aria-label={`Incident of ${name}`} data-ended={incident.endedAt !== null}>
      <div className={classes.what}>
        <div className={classes.head}>
          <h3 className={classes.name}>{name}</h3>
          <IncidentStateBadge state={incident.state} />
        </div>
        <p>{causeSentence(incident)}</p>
        <p className={classes.hit}>{hitWords(incident, cloud)}</p>
        <p className={classes.clock}>
          {incident.tr !== null ? (
            <span className={classes.stopped}>{spanWords(incident.tr - incident.tp)}</span>
          ) : incident.endedAt !== null ? (
            <span className={classes.stopped}>{spanWords(incident.endedAt - incident.tp)}</span>
          ) : (
            <Stopwatch since={incident.tp} label={`Time since ${name} failed`} />
          )}
          <span className={classes.unit}>
            {incident.tr !== null ? "Tp → Tr" : incident.endedAt !== null ? "Tp → end" : "since Tp"}
          </span>
        </p>
      </div>
      <div className={classes.how}>
        <IncidentTimes incident={incident} />
        {repair === undefined ? null : <RepairSteps steps={repair.steps} />}
        {incident.vmId === null ? <Parts incident={incident} cloud={cloud} /> : null}
        <p className={classes.words}>
          {incident.awaits === null ? null : <strong>Belay waits for your answer. </strong>}
          {incident.words} <Link href={`/incidents/${incident.id}`}>Evidence and all steps</Link>
        </p>
      </div>
    </article>
  );
}

/** The VMs lost with a host, as far as they are open or ended lately; its page has them all. */
function Parts({ incident, cloud }: { readonly incident: IncidentView; readonly cloud: CloudView }) {
  const parts = cloud.incidents.filter((it) => it.partOf === incident.id);
  if (parts.length === 0) return null;
  return (
    <ul className={classes.parts} aria-label="VMs lost with the host">
      {parts.map((part) => (
        <li key={part.id}>
          <Link href={`/incidents/${part.id}`}>{failedThing(part, cloud)}</Link>{" "}
          <IncidentStateBadge state={part.state} />
        </li>
      ))}
    </ul>
  );
}

/** "application shop of Aster, on host-1", as far as the viewer may know. */
function hitWords(incident: IncidentView, cloud: CloudView): string {
  if (incident.vmId === null) {
    const parts = cloud.incidents.filter((it) => it.partOf === incident.id);
    const back = parts.filter((it) => it.tr !== null).length;
    return parts.length === 0
      ? "The host itself; no VM was lost with it."
      : `The host itself; ${back} of ${parts.length} ${parts.length === 1 ? "VM" : "VMs"} back.`;
  }
  const application = cloud.applications.find((it) => it.id === incident.applicationId);
  const owner = cloud.organizations.find((it) => it.id === incident.organizationId);
  const host = cloud.hosts.find((it) => it.id === incident.hostId);
  const parts = [
    application === undefined ? "Of no application" : `Application ${application.name}`,
    cloud.viewer.role === "provider" && owner !== undefined ? ` of ${owner.name}` : "",
    host === undefined ? "" : `, on ${host.name}`,
  ];
  return parts.join("");
}
