/**
 * Predicted against measured: points on the identity line are right, points above it are priced too
 * slow. The bands hold what is within 10 % and 20 %.
 *
 * @module
 */
import { anchor } from "../html.ts";
import type { Pair, PairStyle } from "../result.ts";
import { logAxis } from "./axis.ts";
import {
  intervalOf,
  type Plot,
  type PlotBand,
  type PlotSeries,
  rounded,
  type Shape,
} from "./plot.ts";

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

const shapes: readonly Shape[] = ["circle", "triangle", "rect", "rectRot", "star", "cross"];

/** Splits pairs by their groups; beyond the number of shapes, the rest together. */
function byGroup(
  pairs: readonly Pair[],
  point: (pair: Pair) => PlotSeries["points"][number],
): PlotSeries[] {
  const groups = [...new Set(pairs.map(({ group = "all" }) => group))];
  const named = groups.length > shapes.length ? groups.slice(0, shapes.length - 1) : groups;
  const nameOf = ({ group = "all" }: Pair) => named.includes(group) ? group : "others";
  return [...new Set(pairs.map(nameOf))].map((name, i) => ({
    name,
    tone: i,
    shape: shapes[i],
    points: pairs.filter((pair) => nameOf(pair) === name).map(point),
  }));
}

/** The series of pairs, told apart as their style says. */
export function seriesOf(
  pairs: readonly Pair[],
  point: (pair: Pair) => PlotSeries["points"][number],
  style?: PairStyle,
): PlotSeries[] {
  return style?.series === "group" ? byGroup(pairs, point) : byRange(pairs, point);
}

/** The parity plot of pairs. */
export function parityPlot(pairs: readonly Pair[], style?: PairStyle): Plot {
  const shown = drawable(pairs);
  const values = shown.flatMap((p) => [p.predicted, p.measured].flatMap((e) => intervalOf(e)));
  const axis = (title: string) => logAxis(values, { title, unit: "seconds" });
  const x = axis(style?.measured ?? "measured");
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
    series: seriesOf(shown, (p) => ({
      row: anchor("pair", p.id),
      x: intervalOf(p.measured),
      y: intervalOf(p.predicted),
    }), style),
  };
}
