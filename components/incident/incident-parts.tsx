import Link from "next/link";
import { failedThing, type LiveCloud, spanWords } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./incident-parts.module.css";
import { IncidentStateBadge } from "./incident-state.tsx";
import { useIncidents } from "./use-incidents.ts";

/** The VMs that were lost with a host, each with its own incident. */
export function IncidentParts({ cloud, incident }: { readonly cloud: LiveCloud; readonly incident: IncidentView }) {
  const parts = useIncidents(cloud).incidents.filter((it) => it.partOf === incident.id);
  const back = parts.filter((it) => it.tr !== null).length;
  return (
    <Panel title="VMs lost with the host" aside={parts.length === 0 ? undefined : `${back} of ${parts.length} back`}>
      {parts.length === 0 ? (
        <Situation kind="good" title="None." />
      ) : (
        <ul className={classes.parts} aria-label="VMs lost with the host">
          {parts.map((part) => (
            <li key={part.id}>
              <Link href={`/incidents/${part.id}`} className={classes.name}>
                {failedThing(part, cloud)}
              </Link>
              <IncidentStateBadge state={part.state} />
              <span className={classes.took}>{part.tr === null ? "" : `Tp → Tr ${spanWords(part.tr - part.tp)}`}</span>
              <p className={classes.words}>{part.words}</p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
