import { useQuery, useQueryClient } from "@tanstack/react-query";
import { failedIn, rateOf, serverNow, trafficQuery, trafficSeconds } from "../../lib/client/index.ts";
import type { ApplicationView, IncidentView } from "../../lib/contract/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Situation } from "../ui/situation.tsx";
import { useNow } from "../ui/use-now.ts";
import classes from "./throughput.module.css";
import { ThroughputChart } from "./throughput-chart.tsx";

export interface ThroughputProps {
  readonly application: ApplicationView;
  readonly hue: string;
  readonly incidents: readonly IncidentView[];
  readonly simulated: boolean;
}

/** Under ten a second a fraction still means something. */
const rateWords = (rate: number) => (rate === 0 || rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1));

/** Requests per second of an application: the figures of now, and the last minutes as a chart. */
export function Throughput({ application, hue, incidents, simulated }: ThroughputProps) {
  const cache = useQueryClient();
  const { data: samples = [], isLoading } = useQuery(trafficQuery(cache, application.id));
  const now = useNow(serverNow, 1_000);
  if (samples.length === 0) {
    return isLoading ? (
      <Situation kind="loading" title="Fetching its traffic…" />
    ) : (
      <Situation kind="empty" title="No traffic is counted for it." />
    );
  }
  const rate = rateOf(samples, now);
  const failed = failedIn(samples);
  const figures =
    rate === undefined
      ? "nobody counts at the moment"
      : `${rateWords(rate.answeredPerSecond)} answered and ${rateWords(rate.failedPerSecond)} failed per second`;
  return (
    <div>
      <div className={classes.head}>
        <dl className={classes.figures}>
          <div>
            <dt>
              <span className={classes.line} style={{ background: hue }} aria-hidden="true" />
              Answered/s
            </dt>
            <dd>{rate === undefined ? "–" : rateWords(rate.answeredPerSecond)}</dd>
          </div>
          <div data-bad={rate !== undefined && rate.failedPerSecond > 0}>
            <dt>
              <span className={classes.bar} aria-hidden="true" />
              Failed/s
            </dt>
            <dd>{rate === undefined ? "–" : rateWords(rate.failedPerSecond)}</dd>
          </div>
          <div>
            <dt>Failed in {trafficSeconds / 60} min</dt>
            <dd>{failed}</dd>
          </div>
        </dl>
        <SimulatedMark simulated={simulated} />
      </div>
      <ThroughputChart
        label={`Requests per second of ${application.name} in the last ${trafficSeconds / 60} minutes: ${figures}, ${failed} failed in all.`}
        samples={samples}
        incidents={incidents}
        hue={hue}
        now={now}
      />
    </div>
  );
}
