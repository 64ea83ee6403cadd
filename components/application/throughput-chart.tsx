import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import type uPlot from "uplot";
import { columnsOf } from "../../lib/client/index.ts";
import type { IncidentView, TrafficSample } from "../../lib/contract/index.ts";
import { chartOptions } from "./chart-options.ts";

export interface ThroughputChartProps {
  /** The chart in a sentence, for those who do not see it. */
  readonly label: string;
  readonly samples: readonly TrafficSample[];
  /** Drawn as bands from Tp to Tr. */
  readonly incidents: readonly IncidentView[];
  /** A CSS colour, or a variable that holds one. */
  readonly hue: string;
  /** The right edge, by the server's clock. */
  readonly now: number;
}

const height = 100;

/** The last minutes, drawn by uPlot: a tenth of what an SVG chart costs per update. */
export function ThroughputChart(props: ThroughputChartProps) {
  const scheme = useComputedColorScheme("light");
  return (
    <div role="img" aria-label={props.label} style={{ height }}>
      {/* A canvas keeps the colours that it was drawn in: another scheme or hue is another chart. */}
      <Plot key={`${scheme} ${props.hue}`} {...props} />
    </div>
  );
}

function Plot({ samples, incidents, hue, now }: ThroughputChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ samples, incidents, now });

  useEffect(() => {
    latest.current = { samples, incidents, now };
    plot.current?.setData(columnsOf(samples));
  }, [samples, incidents, now]);

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let gone = false;
    const resize = new ResizeObserver(([entry]) => {
      if (entry !== undefined) plot.current?.setSize({ width: Math.floor(entry.contentRect.width), height });
    });
    // Loaded when first needed: pages without a chart do without it.
    void import("uplot").then(({ default: UPlot }) => {
      if (gone) return;
      const options = chartOptions({ element, hue, height, shown: () => latest.current });
      plot.current = new UPlot(options, columnsOf(latest.current.samples), element);
      resize.observe(element);
    });
    return () => {
      gone = true;
      resize.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [hue]);

  return <div ref={place} />;
}
