import Link from "next/link";
import { agoWords, causeSentence, failedThing, serverNow, spanWords } from "../../lib/client/index.ts";
import type { CloudView } from "../../lib/contract/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import { IncidentStateBadge } from "./incident-state.tsx";
import classes from "./latest-incidents.module.css";

const shown = 6;

/** The last incidents that ended, each with how long detection and repair took. */
export function LatestIncidents({ cloud }: { readonly cloud: CloudView }) {
  const now = useNow(serverNow, 5_000);
  const ended = cloud.incidents.filter((it) => it.endedAt !== null);
  return (
    <Panel
      title="Latest incidents"
      aside={
        <>
          <SimulatedMark simulated={cloud.simulated && ended.length > 0} /> <Link href="/incidents">All incidents</Link>
        </>
      }
    >
      {ended.length === 0 ? (
        <Situation kind="empty" title="None has ended yet." />
      ) : (
        <ul className={classes.list}>
          {ended.slice(0, shown).map((incident) => (
            <li key={incident.id} className={classes.item}>
              <div className={classes.head}>
                <Link href={`/incidents/${incident.id}`} className={classes.name}>
                  {failedThing(incident, cloud)}
                </Link>
                <IncidentStateBadge state={incident.state} />
                <span className={classes.ago}>{agoWords(now - incident.tp)} ago</span>
              </div>
              <p className={classes.cause}>{causeSentence(incident)}</p>
              <p className={classes.spans}>
                Tp → Td {spanWords(incident.td - incident.tp)}
                {incident.tr === null ? "" : ` · Td → Tr ${spanWords(incident.tr - incident.td)}`}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
