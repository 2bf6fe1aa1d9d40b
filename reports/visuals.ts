/**
 * Drawings that a result may hold beside its tables: what they show as numbers, not how they look.
 *
 * Every drawing says in a title what it shows, in a note how to read it, and in its kind where its
 * numbers come from. Values are in the units of the house (seconds, bytes, FLOP); an axis or a bar
 * names its unit, and the page picks the scale.
 *
 * @module
 */
import type { Estimate } from "../kernels/base/estimate.ts";
import type { NumberUnit } from "./format.ts";
import type { Kind } from "./kind.ts";

/** What all drawings have. */
export interface Visual {
  /** Permalink id, unique on the page. */
  id: string;
  /** What it shows, in a few words: heading of its section. */
  title: string;
  /** How to read it. */
  note: string;
  /** Where its numbers come from. */
  kind: Kind;
}

/** An axis of a drawing. */
export interface VisualAxis {
  /** What it shows, such as "seconds of a step". */
  title: string;
  /** Unit of its values. */
  unit: NumberUnit;
  /** Whether it is logarithmic; where unsaid, it is where the values spread widely and all are above 0. */
  log?: boolean;
}

/** A value that an axis must not pass, or that is worth a line. */
export interface VisualLimit {
  /** The axis that it is on. */
  axis: "x" | "y";
  /** Where. */
  value: number;
  /** What it is, such as "memory of the device". */
  label: string;
  /** The side that cannot be, if any; it is hatched. */
  forbidden?: "above" | "below";
}

/** A point of a curve. */
export interface LinePoint {
  /** Along the horizontal axis. */
  x: number;
  /** Along the vertical axis. */
  y: number;
  /** Lower end of the interval of `y`, where there is one. */
  lo?: number;
  /** Upper end of it. */
  hi?: number;
  /** What else there is to say of it, such as the plan behind it. */
  label?: string;
}

/** A curve. */
export interface LineSeries {
  /** As the legend names it. */
  name: string;
  /** Where its numbers come from, where not from where those of the drawing do. */
  kind?: Kind;
  /** Whether it is dashed: an ideal, a bound. */
  dashed?: boolean;
  /** Its points, in order of `x`. */
  points: LinePoint[];
}

/** Curves over a common axis, such as the speed of a step over the number of devices. */
export interface LinePlot extends Visual {
  /** Horizontal axis. */
  x: VisualAxis;
  /** Vertical axis. */
  y: VisualAxis;
  /** The curves. */
  series: LineSeries[];
  /** Lines across. */
  limits?: VisualLimit[];
}

/** A point of a scatter. */
export interface ScatterPoint {
  /** What it is: the plan, the configuration. */
  label: string;
  /** Along the horizontal axis. */
  x: number;
  /** Along the vertical axis. */
  y: number;
  /** Whether it is on the front: nothing else is better on both axes. The front is joined. */
  front?: boolean;
  /** A few letters that stand beside it: the winner, a plan by its name. */
  name?: string;
  /** Whether it is the one that the page is about. */
  chosen?: boolean;
  /** Further figures by key, unit in the key's ending: cost, energy. */
  figures?: Record<string, number>;
}

/** Points over two axes, both better where smaller, with the front of those that nothing beats. */
export interface Scatter extends Visual {
  /** Horizontal axis. */
  x: VisualAxis;
  /** Vertical axis. */
  y: VisualAxis;
  /** The points. */
  points: ScatterPoint[];
  /** Lines across, and what lies beyond them. */
  limits?: VisualLimit[];
  /** Id of the table that holds its numbers; the page makes one unless given. */
  table?: string;
}

/** A part of a whole. */
export interface VisualPart {
  /** What it is. */
  label: string;
  /** How much. */
  value: number;
  /** What to know of it. */
  note?: string;
  /** Whether it is what was not told apart; it comes last. */
  rest?: boolean;
}

/** Parts that add up to a whole, one after the other, such as the memory of a device. */
export interface Waterfall extends Visual {
  /** Unit of the parts. */
  unit: NumberUnit;
  /** The parts, in the order in which they are stacked. */
  parts: VisualPart[];
  /** What they add up to, such as "peak". */
  total: string;
  /** What the whole must not pass. */
  limit?: { value: number; label: string };
}

/** A bar and its parts. */
export interface Bar {
  /** What it is of. */
  label: string;
  /** Its parts; a bar of one part may leave the part's label empty. */
  parts: VisualPart[];
}

/** Bars side by side: shares of a whole, or changes to either side of nothing. */
export interface Bars extends Visual {
  /** Unit of the parts. */
  unit: NumberUnit;
  /** "stacked": parts one after the other; "signed": each part to its own side of 0 (a tornado). */
  form: "stacked" | "signed";
  /** The bars, in the order in which they stand. */
  bars: Bar[];
}

/** Where some of many fell, or what they are. */
export interface FunnelStep {
  /** What became of them. */
  label: string;
  /** How many: a decimal number as text, since it may be beyond what a double holds. */
  count: string;
  /** Whether they fell here, remained to the end, or are not looked at yet. */
  outcome: "fell" | "kept" | "open";
  /** Why. */
  note?: string;
}

/** How many became few: steps whose counts add up to the total. */
export interface Funnel extends Visual {
  /** What is counted, such as "plans". */
  unit: string;
  /** All of them, as text. */
  total: string;
  /** The steps, in order. */
  steps: FunnelStep[];
}

/** A figure of a card. */
export interface CardFigure {
  /** Key whose ending names the unit, such as "stepSeconds". */
  key: string;
  /** What it is, where the key does not say it well. */
  label?: string;
  /** The figure. */
  value: Estimate;
  /** Further words under it, such as "of 80 GiB". */
  note?: string;
}

/** One thing that a page is about, on one card: figures, settings, and what there is to say of it. */
export interface Card extends Visual {
  /** Figures, the most important first. */
  figures: CardFigure[];
  /** Settings in words, such as degrees. */
  settings: { label: string; value: string }[];
  /** Text to copy: a plan, a command. */
  text?: string;
  /** What there is to say of it, a paragraph each. */
  paragraphs: string[];
  /** The same as lists. */
  lists?: { title: string; items: string[] }[];
}

/** Rows or columns of a heatmap. */
export interface HeatmapSide {
  /** What they are, such as "expert". */
  title: string;
  /** Names of all of them, in order. */
  labels: string[];
}

/** A table of numbers as colours, such as the load by layer and expert. */
export interface Heatmap extends Visual {
  /** The rows, from the top. */
  rows: HeatmapSide;
  /** The columns, from the left. */
  columns: HeatmapSide;
  /** What a number is, such as "load over the mean". */
  what: string;
  /** Unit of the numbers. */
  unit: NumberUnit;
  /** The numbers, row by row; null where there is none. */
  values: (number | null)[][];
  /** The number that has no colour, less than it one and more than it another; the least has none where absent. */
  middle?: number;
}
