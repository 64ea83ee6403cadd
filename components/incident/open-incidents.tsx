import { agoWords, incidentTitle, type LiveState, serverNow, spanWords } from "../../lib/client/index.ts";
import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import { useLive } from "../cloud/cloud-context.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import { IncidentCard } from "./incident-card.tsx";
import classes from "./open-incidents.module.css";

/** An incident that ended stays among the open ones for so long, so that who watched it sees how it ended. */
const lingersMs = 60_000;

/** What is wrong now, on top of the page; or that nothing is, and what was last. */
export function OpenIncidents({ cloud }: { readonly cloud: CloudView }) {
  const now = useNow(serverNow, 1_000);
  const live = useLive();
  const open = cloud.incidents.filter((it) => it.endedAt === null);
  const ended = cloud.incidents.filter((it) => it.endedAt !== null);
  const justEnded = ended.filter((it) => it.endedAt !== null && now - it.endedAt < lingersMs);
  const all = [...open, ...justEnded];
  const wholes = new Set<string | null>(all.filter((it) => it.vmId === null).map((it) => it.id));
  // The VMs lost with a host stand in the host's card.
  const shown = all.filter((it) => !wholes.has(it.partOf));
  return (
    <Panel
      title={open.length === 0 ? "Open incidents: none" : `Open incidents: ${open.length}`}
      aside={<SimulatedMark simulated={cloud.simulated && shown.length > 0} />}
    >
      {shown.length === 0 ? (
        <Situation {...calm(cloud, live)} words={lastWords(ended[0], cloud, now)} />
      ) : (
        <div className={classes.list}>
          {shown.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} cloud={cloud} />
          ))}
        </div>
      )}
    </Panel>
  );
}

/** Never says that all is well where that is not known. */
function calm(cloud: CloudView, live: LiveState): { kind: "good" | "empty"; title: string } {
  if (live.kind === "dropped") {
    return { kind: "empty", title: "Nothing was broken when the connection was lost. What is now is not known." };
  }
  const unheard = cloud.vms.filter((it) => it.state === "unknown").length;
  return unheard === 0
    ? { kind: "good", title: "Nothing is broken." }
    : {
        kind: "empty",
        title: `No incident is open, but of ${unheard} ${unheard === 1 ? "VM" : "VMs"} nothing is heard.`,
      };
}

function lastWords(last: IncidentView | undefined, cloud: CloudView, now: number): string {
  if (last === undefined) return "Belay has not seen a failure yet.";
  const took = last.tr === null ? "" : `, back after ${spanWords(last.tr - last.tp)} (Tp → Tr)`;
  return `Last: ${incidentTitle(last, cloud)}, ${agoWords(now - last.tp)} ago${took}.`;
}
