import { serverNow, spanWords } from "../../lib/client/index.ts";
import type { IncidentView, RepairView } from "../../lib/contract/index.ts";
import { useNow } from "../ui/use-now.ts";
import classes from "./step-bars.module.css";

interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly kind: "detection" | "step";
}

/** Detection and steps on one scale that begins at Tp. The steps' list has the same times in words. */
export function StepBars({ repair, incident }: { readonly repair: RepairView; readonly incident: IncidentView }) {
  const now = useNow(serverNow, 500);
  const spans: Span[] = [
    { name: "detection", from: incident.tp, to: incident.td, kind: "detection" },
    ...repair.steps.map((step) => ({
      name: step.name,
      from: step.startedAt,
      to: step.finishedAt ?? now,
      kind: "step" as const,
    })),
  ];
  const end = Math.max(...spans.map((it) => it.to), incident.tr ?? 0);
  const whole = Math.max(1, end - incident.tp);
  const percent = (ms: number) => `${Math.max(0, (ms / whole) * 100)}%`;
  return (
    <figure className={classes.figure}>
      <div className={classes.rows} aria-hidden="true">
        {spans.map((span) => (
          <div key={span.name} className={classes.row}>
            <span className={classes.name}>{span.name}</span>
            <span className={classes.track}>
              <span
                className={classes.bar}
                data-kind={span.kind}
                style={{ left: percent(span.from - incident.tp), width: percent(span.to - span.from) }}
              />
            </span>
          </div>
        ))}
      </div>
      <figcaption className={classes.caption}>
        From Tp to {incident.tr === null ? "now" : "the end"}: {spanWords(whole)}
      </figcaption>
    </figure>
  );
}
