import { Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { clockWords, failedThing, spanWords } from "../../lib/client/index.ts";
import type { CloudView, IncidentView } from "../../lib/contract/index.ts";
import { SimulatedMark } from "../shell/simulated.tsx";
import { Panel } from "../ui/panel.tsx";
import { Situation } from "../ui/situation.tsx";
import classes from "./incident-chart.module.css";

const shown = 30;

/** Detection and repair of the last incidents, one column each, oldest at the left. The table below has the same figures. */
export function IncidentChart({
  incidents,
  cloud,
}: {
  readonly incidents: readonly IncidentView[];
  readonly cloud: CloudView;
}) {
  const bars = incidents
    .slice(0, shown)
    .reverse()
    .flatMap((it) =>
      it.tr === null
        ? []
        : [
            {
              id: it.id,
              name: failedThing(it, cloud),
              at: clockWords(it.tp),
              detection: Math.max(0, it.td - it.tp) / 1000,
              repair: Math.max(0, it.tr - it.td) / 1000,
            },
          ],
    );
  const longest = Math.max(0, ...bars.map((it) => it.detection + it.repair));
  return (
    <Panel
      title="From failure to answer"
      aside={
        <>
          <SimulatedMark simulated={cloud.simulated} /> seconds, last {bars.length}
        </>
      }
    >
      {bars.length === 0 ? (
        <Situation
          kind="empty"
          title="No incident has a Tr yet."
          words="A column appears when a service answers again."
        />
      ) : (
        <div
          className={classes.chart}
          role="img"
          aria-label={`Columns of the last ${bars.length} incidents: time to detect (Tp to Td) and to repair (Td to Tr). The longest took ${spanWords(longest * 1000)}. The table below has each figure.`}
        >
          <ResponsiveContainer width="100%" height={220}>
            <BarChart
              data={bars}
              margin={{ top: 12, right: 12, bottom: 0, left: 0 }}
              accessibilityLayer={false}
              maxBarSize={42}
            >
              <CartesianGrid vertical={false} stroke="var(--line)" />
              <XAxis
                dataKey="at"
                tick={tick}
                tickLine={false}
                axisLine={{ stroke: "var(--line-strong)" }}
                minTickGap={18}
              />
              <YAxis tick={tick} tickLine={false} axisLine={false} width={44} unit=" s" />
              <Tooltip
                cursor={{ fill: "var(--sunken)" }}
                contentStyle={{ background: "var(--surface)", border: "1px solid var(--line-strong)", borderRadius: 6 }}
                formatter={(value) => spanWords(Number(value) * 1000)}
                labelFormatter={(at, [entry]) => `${entry?.payload?.name ?? ""} ${at}`}
              />
              <Legend
                itemSorter={null}
                iconType="square"
                iconSize={10}
                formatter={(words) => <span className={classes.legend}>{words}</span>}
              />
              <Bar
                dataKey="detection"
                name="Tp → Td, detection"
                stackId="a"
                fill="var(--chart-failed)"
                isAnimationActive={false}
              />
              <Bar
                dataKey="repair"
                name="Td → Tr, repair"
                stackId="a"
                fill="var(--chart-answered)"
                isAnimationActive={false}
              />
            </BarChart>
          </ResponsiveContainer>
        </div>
      )}
    </Panel>
  );
}

const tick = { fill: "var(--ink-3)", fontSize: 11.5 };
