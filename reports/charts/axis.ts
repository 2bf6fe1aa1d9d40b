/**
 * Logarithmic axes: bounds with some air, and ticks at round numbers.
 *
 * @module
 */
import { formatNumber, type NumberUnit } from "../format.ts";

/** A logarithmic axis. */
export interface Axis {
  /** What it shows, with its kind. */
  title: string;
  /** Lower bound, above 0. */
  min: number;
  /** Upper bound. */
  max: number;
  /** Labelled positions within the bounds. */
  ticks: { value: number; label: string }[];
}

/** Steps within a decade, by how many decades the axis spans. */
function stepsFor(decades: number): number[] {
  if (decades > 2.2) return [1];
  return decades > 1.1 ? [1, 3] : [1, 2, 5];
}

/** Round numbers within the bounds: every n-th decade, or 1-3 or 1-2-5 within them. */
export function logTicks(min: number, max: number): number[] {
  const decades = Math.log10(max / min);
  const every = Math.max(1, Math.ceil(decades / 7));
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(min)); e <= Math.ceil(Math.log10(max)); e++) {
    if (e % every !== 0) continue;
    for (const step of stepsFor(decades)) {
      const value = Number(`${step}e${e}`);
      if (value >= min && value <= max) ticks.push(value);
    }
  }
  return ticks;
}

/** An axis that holds all positive values, with a margin of `air` of its length on either side. */
export function logAxis(
  values: readonly number[],
  options: { title: string; unit: NumberUnit; air?: number },
): Axis {
  const positive = values.filter((v) => v > 0 && Number.isFinite(v));
  const low = positive.reduce((a, b) => Math.min(a, b), Infinity);
  const high = positive.reduce((a, b) => Math.max(a, b), 0);
  const [a, b] = positive.length === 0 ? [1, 10] : [low, Math.max(high, low * 1.5)];
  const margin = (b / a) ** (options.air ?? 0.05);
  const [min, max] = [Number((a / margin).toPrecision(4)), Number((b * margin).toPrecision(4))];
  const ticks = logTicks(min, max)
    .map((value) => ({ value, label: formatNumber(value, options.unit, 1) }));
  return { title: options.title, min, max, ticks };
}
