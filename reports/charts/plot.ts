/**
 * A plot as data: what the static SVG draws and what the script draws again with tooltips. Both
 * axes are logarithmic, since every plot here spans decades.
 *
 * @module
 */
import type { Estimate } from "../../kernels/base/estimate.ts";
import type { Axis } from "./axis.ts";

/** Lower end, value, upper end. */
export type Interval = [lo: number, value: number, hi: number];

/** Shapes that can be told apart without colour. */
export type Shape = "circle" | "triangle" | "rect" | "rectRot" | "star" | "cross";

/** A point with its interval both ways. */
export interface PlotPoint {
  /** Id of the table row that names it and holds its numbers; the tooltip shows that row. */
  row: string;
  /** Along the horizontal axis. */
  x: Interval;
  /** Along the vertical axis. */
  y: Interval;
}

/** Points of one colour and shape. */
export interface PlotSeries {
  /** As the legend names it. */
  name: string;
  /** Index of the colour token `--tone-N`. */
  tone: number;
  /** Shape of its points. */
  shape: Shape;
  /** Its points. */
  points: PlotPoint[];
}

/** A line through points. */
export interface PlotLine {
  /** As the legend names it. */
  name: string;
  /** Whether it is dashed. */
  dash: boolean;
  /** Its corners. */
  points: [x: number, y: number][];
}

/** A shaded area between two lines over the same x. */
export interface PlotBand {
  /** As the legend names it. */
  name: string;
  /** Lower edge. */
  lower: [x: number, y: number][];
  /** Upper edge. */
  upper: [x: number, y: number][];
}

/** A plot. */
export interface Plot {
  /** Id of the canvas. */
  id: string;
  /** What it shows, for those who do not see it. */
  label: string;
  /** Width over height of the drawing. */
  aspect: number;
  /** Horizontal axis. */
  x: Axis;
  /** Vertical axis. */
  y: Axis;
  /** Bands, the widest first. */
  bands: PlotBand[];
  /** Lines. */
  lines: PlotLine[];
  /** Points. */
  series: PlotSeries[];
  /** A labelled vertical line. */
  marker?: { x: number; text: string };
}

/** Five digits are more than any screen shows, and keep the page small. */
export const rounded = (x: number): number => Number(x.toPrecision(5));

/**
 * An estimate as an interval that a logarithmic axis can show: an end at or below zero is drawn at
 * a thousandth of the value.
 */
export function intervalOf(estimate: Estimate): Interval {
  const { value, lo, hi } = estimate;
  return [rounded(lo > 0 ? lo : value / 1000), rounded(value), rounded(hi)];
}
