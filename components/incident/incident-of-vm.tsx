import Link from "next/link";
import type { IncidentView } from "../../lib/contract/index.ts";
import classes from "./incident-of-vm.module.css";
import { incidentStateWord } from "./incident-state.tsx";
import { Stopwatch } from "./stopwatch.tsx";

/** The open incident in one line, on the card of its VM. */
export function IncidentOfVm({ incident }: { readonly incident: IncidentView }) {
  return (
    <p className={classes.line}>
      <Link href={`/incidents/${incident.id}`}>{incidentStateWord(incident.state)}</Link>
      <span>
        failed <Stopwatch since={incident.tp} label="Time since the failure" /> ago
      </span>
    </p>
  );
}
