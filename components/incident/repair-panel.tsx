import type { IncidentView, RepairView } from "../../lib/contract/index.ts";
import { repairStates, techniques } from "../../lib/model/index.ts";
import { Panel } from "../ui/panel.tsx";
import classes from "./repair-panel.module.css";
import { RepairSteps } from "./repair-steps.tsx";
import { StepBars } from "./step-bars.tsx";

/** One repair: the plan in words, its steps, and where their time went. */
export function RepairPanel({ repair, incident }: { readonly repair: RepairView; readonly incident: IncidentView }) {
  return (
    <Panel title={`Repair: ${repair.technique}`} aside={stateWords(repair)}>
      <div className={classes.body}>
        <p>
          {repair.words} <span className={classes.technique}>{techniques[repair.technique].words}</span>
        </p>
        <RepairSteps steps={repair.steps} />
        {repair.steps.length === 0 ? null : <StepBars repair={repair} incident={incident} />}
      </div>
    </Panel>
  );
}

/** A host's repair has no guest of its own to answer. */
const stateWords = ({ vmId, state }: RepairView): string =>
  vmId === null && state === "succeeded" ? "Every step was done." : repairStates[state].words;
