/**
 * Which runs to measure, before any is: those whose times say most of what is unknown of a stack.
 *
 * Around a start the logarithm of a predicted time is nearly linear in the logarithms of the stack's
 * numbers; j is its slope for a run, C what is not known of the numbers (first their priors). A run
 * with error variance s^2 leaves C - C j j' C / (s^2 + j' C j), and the volume of what is unknown
 * shrinks by 1 + j' C j / s^2. Runs are taken one after the other, each where that is largest (a greedy
 * D-optimal design; Fedorov, "Theory of Optimal Experiments", 1972). Where a host is fast enough its
 * slope is 0, so that the runs are judged from every start that a calibration begins at.
 *
 * @module
 */
import { rowNoise } from "./calibrate.ts";
import { stackParameters } from "./parameters.ts";
import {
  type FamilyLayout,
  type PredictedStep,
  slotsOf,
  stacksAt,
  startOf,
  startsOf,
} from "./slots.ts";

/** Step of a logarithm for a slope. */
const slopeStep = 1e-2;

/** Gains that differ by less are equal: the first row of such has it, whatever rounding says. */
const tie = 1e-6;

/** Slopes of the logarithm of every row's time by the logarithm of every number. */
function slopes(
  rows: readonly PredictedStep[],
  layout: FamilyLayout,
  at: readonly number[],
): number[][] {
  const slots = slotsOf(rows, layout);
  const logs = (values: readonly number[]) => {
    const stacks = stacksAt(values, slots, layout.start);
    return rows.map(({ stack, predict }) => Math.log(predict(stacks[stack])));
  };
  const here = logs(at);
  const moved = at.map((_, i) => logs(at.map((v, j) => i === j ? v * Math.exp(slopeStep) : v)));
  return rows.map((_, row) => moved.map((there) => (there[row] - here[row]) / slopeStep));
}

/** What is unknown, with the run of a slope taken away. */
function learned(unknown: readonly (readonly number[])[], slope: readonly number[]): number[][] {
  const through = unknown.map((row) => row.reduce((sum, c, i) => sum + c * slope[i], 0));
  const left = rowNoise ** 2 + through.reduce((sum, t, i) => sum + t * slope[i], 0);
  return unknown.map((row, i) => row.map((c, j) => c - through[i] * through[j] / left));
}

/** How much the volume of what is unknown shrinks by a run, as a logarithm. */
function gain(unknown: readonly (readonly number[])[], slope: readonly number[]): number {
  let spread = 0;
  unknown.forEach((row, i) => row.forEach((c, j) => spread += slope[i] * c * slope[j]));
  return Math.log1p(spread / rowNoise ** 2);
}

/**
 * The `few` rows whose measured times would say most of a family's stacks, most telling first. No
 * measured time plays a part.
 */
export function tellingRows<R extends PredictedStep>(
  rows: readonly R[],
  layout: FamilyLayout,
  { few }: { few: number },
): R[] {
  const slots = slotsOf(rows, layout);
  const starts = startsOf(slots.map((slot) => startOf(slot, layout.start)), slots);
  const views = starts.map((start) => ({
    slopes: slopes(rows, layout, start),
    unknown: slots.map(({ name }, i) =>
      slots.map((_, j) => i === j ? stackParameters[name].spread ** 2 : 0)
    ),
  }));
  const chosen = new Set<number>();
  while (chosen.size < Math.min(few, rows.length)) {
    let best = -1;
    let most = -Infinity;
    rows.forEach((_, i) => {
      if (chosen.has(i)) return;
      const sum = views.reduce((total, { slopes, unknown }) => total + gain(unknown, slopes[i]), 0);
      if (sum > most + tie) [best, most] = [i, sum];
    });
    for (const view of views) view.unknown = learned(view.unknown, view.slopes[best]);
    chosen.add(best);
  }
  return [...chosen].map((i) => rows[i]);
}
