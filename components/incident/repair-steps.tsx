import { CircleCheck, CircleX, LoaderCircle } from "lucide-react";
import { shortAgents, spanWords } from "../../lib/client/index.ts";
import type { RepairStepView } from "../../lib/contract/index.ts";
import { Hidden } from "../ui/hidden.tsx";
import classes from "./repair-steps.module.css";
import { Stopwatch } from "./stopwatch.tsx";

const icons = { done: CircleCheck, failed: CircleX, started: LoaderCircle } as const;
const words = { done: "done", failed: "failed", started: "under way" } as const;

/** The steps of a repair as they happen, each with how long it took (from its start to its end) and how often it was begun. */
export function RepairSteps({ steps }: { readonly steps: readonly RepairStepView[] }) {
  if (steps.length === 0) return <p className={classes.none}>No step has begun.</p>;
  return (
    <ol className={classes.steps} aria-label="Steps of the repair">
      {steps.map((step) => {
        const Icon = icons[step.state];
        return (
          <li key={step.name} className={classes.step} data-state={step.state}>
            <Icon className={classes.icon} size={15} aria-hidden="true" />
            <span className={classes.name}>
              {step.name}
              <Hidden>: {words[step.state]}</Hidden>
              {step.attempts > 1 ? <span className={classes.attempts}> begun {step.attempts} times</span> : null}
            </span>
            <span className={classes.length}>
              {step.finishedAt === null ? (
                <Stopwatch since={step.startedAt} label={`Time since ${step.name} began`} />
              ) : (
                spanWords(step.finishedAt - step.startedAt)
              )}
            </span>
            <span className={classes.words}>
              {step.words === null ? null : shortAgents(step.words)}
              {step.detail === null ? null : <span className={classes.detail}> {step.detail}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
