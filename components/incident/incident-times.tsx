import { exactClockWords, spanWords } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";
import type { TpSource } from "../../lib/model/index.ts";
import classes from "./incident-times.module.css";
import { Stopwatch } from "./stopwatch.tsx";

const sources: Record<TpSource, string> = {
  injected: "known: injected by Belay",
  event: "as the hypervisor told it",
  scan: "estimate: found by a scan",
};

/**
 * Tp, Td and Tr with what lies between them. Every duration names the two instants that it spans (paper, figures of section V).
 */
export function IncidentTimes({ incident }: { readonly incident: IncidentView }) {
  const { tp, td, tr, endedAt, tpSource } = incident;
  return (
    <ol className={classes.times} aria-label="Times of the incident">
      <li className={classes.instant}>
        <span className={classes.name}>
          <abbr title="when it failed">Tp</abbr> failed
        </span>
        <time className={classes.at} dateTime={new Date(tp).toISOString()}>
          {exactClockWords(tp)}
        </time>
        <span className={classes.note}>{sources[tpSource]}</span>
      </li>
      <li className={classes.span}>
        <span className={classes.length}>{spanWords(td - tp)}</span>
        <span className={classes.what}>Tp → Td, detection</span>
      </li>
      <li className={classes.instant}>
        <span className={classes.name}>
          <abbr title="when Belay detected it">Td</abbr> detected
        </span>
        <time className={classes.at} dateTime={new Date(td).toISOString()}>
          {exactClockWords(td)}
        </time>
        <span className={classes.note}>by Belay</span>
      </li>
      <li className={classes.span} data-running={tr === null && endedAt === null}>
        <span className={classes.length}>
          {tr !== null ? (
            spanWords(tr - td)
          ) : endedAt === null ? (
            <Stopwatch since={td} label="Time since the detection" />
          ) : (
            "–"
          )}
        </span>
        <span className={classes.what}>
          {tr !== null ? "Td → Tr, repair" : endedAt === null ? "since Td" : "no repair"}
        </span>
      </li>
      <li className={classes.instant} data-missing={tr === null}>
        <span className={classes.name}>
          <abbr title="when the repaired service answered again">Tr</abbr> answers again
        </span>
        {tr === null ? (
          <span className={classes.at}>{endedAt === null ? "not yet" : "not measured"}</span>
        ) : (
          <time className={classes.at} dateTime={new Date(tr).toISOString()}>
            {exactClockWords(tr)}
          </time>
        )}
        <span className={classes.note}>{tr === null ? "" : `Tp → Tr, in all ${spanWords(tr - tp)}`}</span>
      </li>
    </ol>
  );
}
