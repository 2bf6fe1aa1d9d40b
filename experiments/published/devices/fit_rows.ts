/**
 * Fits a law to rows, and says how well: over all rows, over families of shapes that were left out,
 * and beside the simplest rivals.
 *
 * @module
 */
import { fitLeastLogError, type Prior } from "../../../sim/calibrate/fit.ts";

/** Absolute relative errors of some predictions. */
export interface Errors {
  /** Half of the rows are nearer than this. */
  median: number;
  /** Nine tenths of the rows are nearer than this. */
  p90: number;
  /** The median of predicted over measured, less one. */
  bias: number;
}

/** How well a law holds. */
export interface Fitted {
  /** Parameters. */
  values: number[];
  /** Standard deviation of each parameter's logarithm. */
  spreads: number[];
  /** Number of rows. */
  rows: number;
  /** Families among them. */
  families: number;
  /** Errors on the rows that were fitted. */
  within: Errors;
  /** Errors on each family with the law fitted to the others. */
  leftOut: Errors;
  /** Errors of one efficiency for all rows, the median one. */
  constant: Errors;
}

/** The order statistic of a share of the rows, the lower of two; of no rows, no number. */
function quantile(values: readonly number[], share: number): number {
  const ascending = [...values].sort((a, b) => a - b);
  return ascending[Math.floor(share * (ascending.length - 1))] ?? NaN;
}

/** Errors of predictions, given log(predicted / measured). */
export function errorsOf(logs: readonly number[]): Errors {
  const relative = logs.map((e) => Math.abs(Math.expm1(e)));
  return {
    median: quantile(relative, 0.5),
    p90: quantile(relative, 0.9),
    bias: Math.expm1(quantile(logs, 0.5)),
  };
}

/** A law and the rows that it is fitted to. */
export interface Problem<Row extends { seconds: number; family: string }> {
  /** What was measured. */
  rows: readonly Row[];
  /** Seconds of a row by the law. */
  predict(row: Row, values: readonly number[]): number;
  /** FLOP or bytes of a row, for the rival with one efficiency. */
  workOf(row: Row): number;
  /** What is known of the parameters before. */
  priors: readonly Prior[];
  /** Lowest and highest value by parameter. */
  bounds?: readonly (readonly [number, number])[];
}

/** Residual beyond which a row counts as an outlier: what repeated runs of a kernel differ by. */
const noise = 0.05;

/** Where searches begin beside the priors' means: a law has kinks, and its minima are local. */
const otherStarts = [0.6, 1.7];

/** Families are left out in so many groups. */
const mostFolds = 10;

/** The parameters that fit rows best. */
function bestFit<Row extends { seconds: number; family: string }>(
  problem: Problem<Row>,
  rows: readonly Row[],
  starts: readonly (readonly number[])[],
) {
  const { predict, priors, bounds } = problem;
  const fits = starts.map((start) =>
    fitLeastLogError(
      (values) => rows.map((row) => Math.log(predict(row, values) / row.seconds)),
      start,
      { priors, bounds, noise },
    )
  );
  return fits.reduce((best, fit) => fit.cost < best.cost ? fit : best);
}

/** Fits a law and holds it against families that it did not see. */
export function fitRows<Row extends { seconds: number; family: string }>(
  problem: Problem<Row>,
): Fitted {
  const { rows, predict, workOf, priors } = problem;
  const means = priors.map(({ mean }) => mean);
  const starts = [1, ...otherStarts].map((factor) => means.map((v, i) => i === 2 ? v * factor : v));
  const { values, spreads } = bestFit(problem, rows, starts);
  const logs = (some: readonly Row[], at: readonly number[]) =>
    some.map((row) => Math.log(predict(row, at) / row.seconds));
  const families = [...new Set(rows.map(({ family }) => family))];
  const folds = Math.min(mostFolds, families.length);
  const foldOf = new Map(families.map((family, i) => [family, i % folds]));
  const leftOut = folds < 2 ? [] : Array.from({ length: folds }, (_, fold) => {
    const others = rows.filter(({ family }) => foldOf.get(family) !== fold);
    const fit = bestFit(problem, others, [values]);
    return logs(rows.filter(({ family }) => foldOf.get(family) === fold), fit.values);
  }).flat();
  const pace = quantile(rows.map((row) => row.seconds / workOf(row)), 0.5);
  return {
    values,
    spreads,
    rows: rows.length,
    families: families.length,
    within: errorsOf(logs(rows, values)),
    leftOut: errorsOf(leftOut),
    constant: errorsOf(rows.map((row) => Math.log(pace * workOf(row) / row.seconds))),
  };
}
