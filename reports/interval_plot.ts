/**
 * Numbers with intervals, line under line over one axis: what is on which side of nothing, and how
 * surely. Lines of several kinds may stand together, since each carries its badge and its own mark.
 *
 * @module
 */
import type { NumberUnit } from "./format.ts";
import type { Kind } from "./kind.ts";
import type { Visual } from "./visuals.ts";

/** A number with its interval, where it has one. */
export interface IntervalMark {
  /** The number. */
  value: number;
  /** Lower end of its interval. */
  lo?: number;
  /** Upper end of it. */
  hi?: number;
}

/** A line of the drawing. */
export interface IntervalLine extends IntervalMark {
  /** What it is of. */
  label: string;
  /** What it belongs to: lines of one group stand under its name. */
  group?: string;
  /** What to know of it, under its label. */
  note?: string;
  /** Where its number comes from. */
  kind: Kind;
  /** What it was made from, such as single seeds: fainter, below it. */
  parts?: (IntervalMark & { label: string })[];
  /** What follows from it, in a word or two. */
  follows?: string;
}

/** Intervals over a common axis, with a line at 0. */
export interface IntervalPlot extends Visual {
  /** What the numbers are, with what the sides of 0 mean. */
  what: string;
  /** Unit of the numbers. */
  unit: NumberUnit;
  /** The lines, from the top. */
  lines: IntervalLine[];
}
