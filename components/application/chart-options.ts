import type uPlot from "uplot";
import { clockWords, trafficSeconds } from "../../lib/client/index.ts";
import type { IncidentView } from "../../lib/contract/index.ts";

export interface ChartQuestion {
  readonly element: HTMLElement;
  readonly hue: string;
  readonly height: number;
  /** What is to be drawn now. */
  readonly shown: () => { readonly incidents: readonly IncidentView[]; readonly now: number };
}

/** "var(--x)" as the colour that it is here. */
function colour(element: HTMLElement, css: string): string {
  const name = /^var\((--[a-z0-9-]+)\)$/.exec(css)?.[1];
  return name === undefined ? css : getComputedStyle(element).getPropertyValue(name).trim();
}

/** Room above the highest second, and never less than five a second, so that a quiet application is a calm line. */
export const topOf = (highest: number): number => Math.max(5, Math.ceil(highest * 1.15));

/** Seconds are said where the marks are less than a minute apart: else several would read the same. */
const tickWords = (at: number, [first = 0, second = first + 60]: readonly number[]): string =>
  clockWords(at * 1000).slice(0, second - first < 60 ? 8 : 5);

/** Room of the y axis, and right of the last second. */
const axisSize = 30;
const rightPadding = 4;
const letterWidth = 6.5;

/** One that the right edge would cut off is left out. */
const ticksWords = ({ width, scales: { x } }: uPlot, ticks: readonly number[]): string[] => {
  const from = x?.min ?? 0;
  const perSecond = (width - axisSize - rightPadding) / ((x?.max ?? from + trafficSeconds) - from);
  return ticks.map((at) => {
    const words = tickWords(at, ticks);
    return axisSize + (at - from) * perSecond + (words.length * letterWidth) / 2 > width ? "" : words;
  });
};

/** Failed seconds as bars of this width in seconds. */
const barSeconds = 0.7;

export function chartOptions({ element, hue, height, shown }: ChartQuestion): uPlot.Options {
  const of = (css: string) => colour(element, css);
  const line = of(hue);
  const failed = of("var(--chart-failed)");
  const axis = {
    stroke: of("var(--ink-3)"),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: of("var(--line)"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(120, element.clientWidth),
    height,
    padding: [8, rightPadding, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: {
        time: true,
        range: () => [shown().now / 1000 - trafficSeconds, shown().now / 1000],
      },
      y: { range: (_, __, highest) => [0, topOf(highest ?? 0)] },
    },
    axes: [
      { ...axis, size: 22, space: 90, values: ticksWords },
      { ...axis, size: axisSize, space: 26, gap: 4 },
    ],
    series: [
      {},
      {
        label: "answered",
        stroke: line,
        width: 1.6,
        fill: `color-mix(in srgb, ${line} 12%, transparent)`,
        points: { show: false },
      },
      { label: "failed", stroke: failed, fill: failed, width: 0, points: { show: false }, paths: bars },
    ],
    hooks: { drawAxes: [(plot) => drawIncidents(plot, shown().incidents, shown().now, of)] },
  };
}

/** One bar per second in which something failed; nothing is drawn at zero. */
function bars(plot: uPlot, series: number, from: number, to: number): uPlot.Series.Paths {
  const path = new Path2D();
  const width = Math.max(2, plot.valToPos(barSeconds, "x", true) - plot.valToPos(0, "x", true));
  const ground = plot.valToPos(0, "y", true);
  for (let index = from; index <= to; index++) {
    const value = plot.data[series]?.[index];
    const at = plot.data[0][index];
    if (!value || at === undefined) continue;
    const top = plot.valToPos(value, "y", true);
    path.rect(plot.valToPos(at, "x", true) - width / 2, top, width, ground - top);
  }
  return { stroke: null, fill: path };
}

/** A band from Tp to Tr (or to now), and a named stroke at Tp. */
function drawIncidents(
  { ctx, bbox, valToPos }: uPlot,
  incidents: readonly IncidentView[],
  now: number,
  of: (css: string) => string,
) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const incident of incidents) {
    const from = valToPos(incident.tp / 1000, "x", true);
    const to = valToPos((incident.tr ?? incident.endedAt ?? now) / 1000, "x", true);
    if (to < bbox.left) continue;
    ctx.fillStyle = of("var(--bad-ground)");
    ctx.fillRect(from, bbox.top, Math.max(2, to - from), bbox.height);
    ctx.fillStyle = of("var(--bad-line)");
    ctx.fillRect(from - 1, bbox.top, 2, bbox.height);
    // In the middle: what is answered runs along the top, and what fails stands at the foot.
    ctx.fillStyle = of("var(--bad)");
    ctx.font = `${10 * devicePixelRatio}px sans-serif`;
    ctx.textAlign = "right";
    ctx.fillText("Tp", from - 3 * devicePixelRatio, bbox.top + bbox.height * 0.45);
  }
  ctx.restore();
}
