import { Button } from "@mantine/core";
import { bytesWords, percentWords } from "../../lib/client/index.ts";
import type { CheckpointAdvice } from "../../lib/contract/index.ts";
import { intervalWords } from "../../lib/model/index.ts";
import { useCloud } from "../cloud/cloud-context.tsx";
import { SimulatedMark } from "../shell/simulated.tsx";
import classes from "./checkpoint-advice-panel.module.css";

export interface CheckpointAdvicePanelProps {
  readonly advice: CheckpointAdvice | undefined;
  readonly problem: Error | null;
  /** What is shown is of the choice before; that of this one is on its way. */
  readonly isOld: boolean;
  readonly onUse: (everyMs: number) => void;
}

/** What a choice means, said before it is saved. */
export function CheckpointAdvicePanel({ advice, problem, isOld, onUse }: CheckpointAdvicePanelProps) {
  const simulated = useCloud().data?.simulated ?? false;
  if (advice === undefined)
    return (
      <p className={classes.none} role="status">
        {problem === null ? "Reckoning what this means…" : `What this means cannot be said now. ${problem.message}`}
      </p>
    );
  const { chosen, suggestedEveryMs, wholeBytes, impossible } = advice;
  return (
    <section className={classes.advice} aria-label="What this means" aria-busy={isOld}>
      {impossible === null ? null : (
        <p className={classes.impossible}>Nothing can be saved where it runs: {impossible}</p>
      )}
      {chosen === null ? (
        <p>Off: after a failure its memory is lost, and it starts from its own disk as after a power cut.</p>
      ) : (
        <dl className={classes.facts}>
          <dt>A failure loses</dt>
          <dd>
            {intervalWords(chosen.averageLossMs)} of work on average, {intervalWords(chosen.mostLossMs)} at most
          </dd>
          <dt>It stands still</dt>
          <dd>{percentWords(chosen.overheadPercent)} of its time</dd>
          <dt>Storage</dt>
          <dd>
            {chosen.changesBytes === null || wholeBytes === null
              ? "known after the first checkpoints"
              : `about ${bytesWords(chosen.changesBytes)} of changes, besides one whole state of at most ${bytesWords(wholeBytes)}`}
          </dd>
        </dl>
      )}
      <p className={classes.suggested}>
        Suggested: every {intervalWords(suggestedEveryMs)}
        <SimulatedMark simulated={simulated} />
        {chosen?.everyMs === suggestedEveryMs ? null : (
          <Button size="compact-xs" variant="default" onClick={() => onUse(suggestedEveryMs)}>
            Use it
          </Button>
        )}
      </p>
      <ul className={classes.why}>
        {advice.words.map((words) => (
          <li key={words}>{words}</li>
        ))}
      </ul>
    </section>
  );
}
