/**
 * Fits positive parameters of a law to measurements, on the logarithm of the error.
 *
 * The measurements of a law of time span decades, and what one wants small is the relative error:
 * residuals are log(predicted / measured). Some rows are simply wrong (another clock, another
 * kernel), so a residual r weighs as
 *
 *     sqrt(1 + (r / noise)^2) - 1
 *
 * (soft L1, or pseudo-Huber): quadratic within the noise, linear beyond it. Rows that tell nothing
 * of a parameter leave it where a prior has it: (log p - log mean)^2 / (2 spread^2) is added, so
 * that the whole is the posterior's logarithm. The parameters themselves are moved in their
 * logarithms, within bounds, by Levenberg's and Marquardt's method (Marquardt 1963, "An Algorithm
 * for Least-Squares Estimation of Nonlinear Parameters") with a numeric Jacobian.
 *
 * A minimum that it finds is a local one; start it at several places where that matters.
 *
 * @module
 */
import { solveLinear } from "./solve.ts";

/** What is known of a parameter before any row. */
export interface Prior {
  /** Most likely value, above 0. */
  mean: number;
  /** Standard deviation of its logarithm. */
  spread: number;
}

/** How to fit; see the module. */
export interface FitOptions {
  /** Residual at which a row's weight turns from quadratic to linear; 0.1 unless given. */
  noise?: number;
  /** Lowest and highest value by parameter, above 0. */
  bounds?: readonly (readonly [low: number, high: number])[];
  /** Priors by parameter. */
  priors?: readonly (Prior | undefined)[];
  /** Most steps that may be tried; 200 unless given. */
  steps?: number;
}

/** A fit. */
export interface Fit {
  /** The parameters. */
  values: number[];
  /** Standard deviation of each parameter's logarithm, from the curvature at the minimum. */
  spreads: number[];
  /** What was made small: soft-L1 terms and priors. */
  cost: number;
  /** Steps that were tried. */
  steps: number;
  /** Whether it stopped because nothing was left to gain. */
  converged: boolean;
}

/** log(predicted / measured) of every row for given parameters. */
export type Residuals = (values: readonly number[]) => readonly number[];

/** Step of a logarithm for its slope: above the noise of kinks, below any curvature. */
const slopeStep = 1e-4;

function evaluate(residuals: Residuals, x: readonly number[]): readonly number[] {
  const r = residuals(x.map(Math.exp));
  const at = r.findIndex((e) => !Number.isFinite(e));
  if (at >= 0) {
    throw new RangeError(
      `Cannot fit: found residual ${r[at]} in row ${at} at ${x.map(Math.exp).join(", ")}, ` +
        "wanted a finite logarithm of predicted over measured",
    );
  }
  return r;
}

function costOf(
  x: readonly number[],
  r: readonly number[],
  { noise = 0.1, priors }: FitOptions,
): number {
  let cost = 0;
  for (const e of r) cost += Math.sqrt(1 + (e / noise) ** 2) - 1;
  priors?.forEach((prior, i) => {
    if (prior) cost += ((x[i] - Math.log(prior.mean)) / prior.spread) ** 2 / 2;
  });
  return cost;
}

/** Slope of the cost and its curvature (Gauss and Newton's), by parameter. */
function curvature(
  residuals: Residuals,
  x: readonly number[],
  r: readonly number[],
  { noise = 0.1, priors }: FitOptions,
): { slope: number[]; matrix: number[][] } {
  const columns = x.map((_, i) => {
    const moved = evaluate(residuals, x.map((v, j) => i === j ? v + slopeStep : v));
    return moved.map((e, row) => (e - r[row]) / slopeStep);
  });
  const weights = r.map((e) => 1 / (noise * noise * Math.sqrt(1 + (e / noise) ** 2)));
  const dot = (a: readonly number[], b: readonly number[]) =>
    weights.reduce((sum, w, row) => sum + w * a[row] * b[row], 0);
  const slope = columns.map((column) => dot(column, r));
  const matrix = columns.map((a) => columns.map((b) => dot(a, b)));
  priors?.forEach((prior, i) => {
    if (!prior) return;
    slope[i] += (x[i] - Math.log(prior.mean)) / prior.spread ** 2;
    matrix[i][i] += 1 / prior.spread ** 2;
  });
  return { slope, matrix };
}

/** A damped step; parameters that stand at a bound and push outwards stay. */
function damped(
  slope: readonly number[],
  matrix: readonly (readonly number[])[],
  damping: number,
  stays: readonly boolean[],
): number[] | undefined {
  const system = matrix.map((row, i) =>
    row.map((v, j) => {
      if (i === j) return stays[i] ? 1 : v * (1 + damping) + 1e-12;
      return stays[i] || stays[j] ? 0 : v;
    })
  );
  return solveLinear(system, slope.map((g, i) => stays[i] ? 0 : -g));
}

/**
 * The parameters that make residuals small; see the module.
 *
 * @param residuals log(predicted / measured) of every row for given parameters.
 * @param start Where to begin, every value above 0.
 * @throws {RangeError} for a start or bounds that are not above 0, and where a residual is not
 * finite at the start.
 *
 * @example
 * ```ts
 * import { fitLeastLogError } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // Seconds of copies: a latency and a bandwidth, with one row that is five times off.
 * const rows = [1e3, 1e5, 1e6, 1e7, 1e9].map((bytes) => ({ bytes, seconds: 5e-6 + bytes / 2e10 }));
 * rows[2].seconds *= 5;
 * const fit = fitLeastLogError(
 *   ([latency, bandwidth]) =>
 *     rows.map(({ bytes, seconds }) => Math.log((latency + bytes / bandwidth) / seconds)),
 *   [1e-6, 1e9],
 *   { noise: 0.01 },
 * );
 * assertAlmostEquals(fit.values[0] / 5e-6, 1, 0.01);
 * assertAlmostEquals(fit.values[1] / 2e10, 1, 0.01);
 * ```
 */
export function fitLeastLogError(
  residuals: Residuals,
  start: readonly number[],
  options: FitOptions = {},
): Fit {
  const lows = start.map((_, i) => Math.log(options.bounds?.[i][0] ?? 1e-300));
  const highs = start.map((_, i) => Math.log(options.bounds?.[i][1] ?? 1e300));
  const clamp = (v: number, i: number) => Math.min(highs[i], Math.max(lows[i], v));
  let x = start.map((v, i) => clamp(Math.log(v), i));
  if (!start.every((v) => v > 0 && v < Infinity)) {
    throw new RangeError(`Cannot fit: found start ${start.join(", ")}, wanted values above 0`);
  }
  let r = evaluate(residuals, x);
  let cost = costOf(x, r, options);
  let damping = 1e-2;
  let converged = false;
  let steps = 0;
  let { slope, matrix } = curvature(residuals, x, r, options);
  while (!converged && steps < (options.steps ?? 200)) {
    steps++;
    const stays = slope.map((g, i) => (x[i] <= lows[i] && g > 0) || (x[i] >= highs[i] && g < 0));
    const step = damped(slope, matrix, damping, stays);
    const next = step ? x.map((v, i) => clamp(v + step[i], i)) : x;
    const moved = Math.max(0, ...next.map((v, i) => Math.abs(v - x[i])));
    // Beyond the law's domain the cost is no number, and the step is refused as a worse one is.
    const nextR = moved > 0 ? residuals(next.map(Math.exp)) : r;
    const nextCost = moved > 0 ? costOf(next, nextR, options) : Infinity;
    if (nextCost < cost) {
      converged = cost - nextCost < 1e-10 * (1 + cost);
      [x, r, cost] = [next, nextR, nextCost];
      ({ slope, matrix } = curvature(residuals, x, r, options));
      damping = Math.max(1e-9, damping / 4);
    } else {
      converged = damping > 1e9 || moved < 1e-9;
      damping *= 5;
    }
  }
  const spreads = x.map((_, i) => {
    const column = solveLinear(matrix, x.map((_, j) => i === j ? 1 : 0));
    return column && column[i] > 0 ? Math.sqrt(column[i]) : Infinity;
  });
  return { values: x.map(Math.exp), spreads, cost, steps, converged };
}
