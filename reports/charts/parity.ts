/**
 * Predicted against measured: points on the identity line are right, points above it are priced too
 * slow. The bands hold what is within 10 % and 20 %.
 *
 * @module
 */
import { anchor } from "../html.ts";
import type { Pair } from "../result.ts";
import { logAxis } from "./axis.ts";
import { intervalOf, type Plot, type PlotBand, type PlotSeries, rounded } from "./plot.ts";

/** Shares of error that the bands mark, the widest first. */
export const bandWidths = [0.2, 0.1] as const;

const line = (min: number, max: number, factor: number): [number, number][] =>
  [min, max].map((x) => [x, rounded(x * factor)]);

const percent = (width: number) => `± ${Math.round(width * 100)} %`;

/** Pairs whose both values a logarithmic axis can show. */
export const drawable = (pairs: readonly Pair[]): Pair[] =>
  pairs.filter((p) => p.predicted.value > 0 && p.measured.value > 0);

/** Splits pairs by whether they lie within the profiled range; an empty side is left out. */
export function byRange(
  pairs: readonly Pair[],
  point: (pair: Pair) => PlotSeries["points"][number],
): PlotSeries[] {
  const series: PlotSeries[] = [
    {
      name: "inside the profiled range",
      tone: 0,
      shape: "circle",
      points: pairs.filter((p) => p.inside).map(point),
    },
    {
      name: "outside the profiled range",
      tone: 1,
      shape: "triangle",
      points: pairs.filter((p) => !p.inside).map(point),
    },
  ];
  return series.filter((s) => s.points.length > 0);
}

/** The parity plot of pairs. */
export function parityPlot(pairs: readonly Pair[]): Plot {
  const shown = drawable(pairs);
  const values = shown.flatMap((p) => [p.predicted, p.measured].flatMap((e) => intervalOf(e)));
  const axis = (title: string) => logAxis(values, { title, unit: "seconds" });
  const x = axis("measured");
  const bands: PlotBand[] = bandWidths.map((width) => ({
    name: percent(width),
    lower: line(x.min, x.max, 1 - width),
    upper: line(x.min, x.max, 1 + width),
  }));
  return {
    id: "parity-plot",
    label: `Predicted against measured times of ${shown.length} pairs, both axes logarithmic`,
    aspect: 1,
    x,
    y: axis("predicted (simulated)"),
    bands,
    lines: [{ name: "predicted = measured", dash: false, points: line(x.min, x.max, 1) }],
    series: byRange(shown, (p) => ({
      row: anchor("pair", p.id),
      x: intervalOf(p.measured),
      y: intervalOf(p.predicted),
    })),
  };
}
