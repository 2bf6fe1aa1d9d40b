/**
 * The normalisations and their gradients in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import { type NormKind, normRecipes } from "./kinds.ts";

/** What the oracles take beside x [T, D]. */
export interface NormOracleOptions {
  /** Which normalisation. */
  kind: NormKind;
  /** Rows. */
  t: number;
  /** Columns. */
  d: number;
  /** Factors of the columns. */
  gamma?: ArrayLike<number>;
  /** What is added to the columns. */
  beta?: ArrayLike<number>;
  /** Added under the root. */
  epsilon?: number;
}

const sum = (x: readonly number[]) => x.reduce((a, b) => a + b, 0);
const scaled = (n: number): Scaled => ({
  values: new Float64Array(n),
  scale: new Float64Array(n),
});

/** Mean and 1 / root of row `t`, its normalised columns and the unit of their rounding. */
function rowOf(x: ArrayLike<number>, t: number, options: NormOracleOptions) {
  const { kind, d } = options;
  const { centred, factor, epsilon } = normRecipes[kind];
  const row = Array.from({ length: d }, (_, j) => x[t * d + j]);
  const mean = centred ? sum(row) / d : 0;
  const squares = sum(row.map((v) => (v - mean) ** 2));
  const inverse = 1 / Math.sqrt(squares * factor(d) + (options.epsilon ?? epsilon));
  const level = centred ? sum(row.map(Math.abs)) / d : 0;
  return {
    mean,
    inverse,
    n: row.map((v) => (v - mean) * inverse),
    unit: row.map((v) => (Math.abs(v) + level) * inverse),
  };
}

/**
 * y, and the mean and 1 / root of each row.
 *
 * @example
 * ```ts
 * import { normOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { y } = normOracle([3, 4], { kind: "l2", t: 1, d: 2, epsilon: 0 });
 * assertEquals([...y.values].map((v) => v.toFixed(2)), ["0.60", "0.80"]);
 * ```
 */
export function normOracle(
  x: ArrayLike<number>,
  options: NormOracleOptions,
): { y: Scaled; mean: Float64Array; inverse: Float64Array } {
  const { t, d, gamma, beta } = options;
  const out = { y: scaled(t * d), mean: new Float64Array(t), inverse: new Float64Array(t) };
  for (let i = 0; i < t; i++) {
    const { mean, inverse, n, unit } = rowOf(x, i, options);
    out.mean[i] = mean;
    out.inverse[i] = inverse;
    for (let j = 0; j < d; j++) {
      const [factor, plus] = [gamma?.[j] ?? 1, beta?.[j] ?? 0];
      out.y.values[i * d + j] = n[j] * factor + plus;
      out.y.scale[i * d + j] = unit[j] * Math.abs(factor) + Math.abs(plus);
    }
  }
  return out;
}

/** Gradients of x (with `add` added), gamma and beta, from dy [T, D]. */
export function normBackwardOracle(
  x: ArrayLike<number>,
  options: NormOracleOptions & { dy: ArrayLike<number>; add?: ArrayLike<number> },
): { dx: Scaled; dgamma: Scaled; dbeta: Scaled } {
  const { kind, t, d, gamma, dy, add } = options;
  const { centred, factor } = normRecipes[kind];
  const [dx, dgamma, dbeta] = [scaled(t * d), scaled(d), scaled(d)];
  for (let i = 0; i < t; i++) {
    const { inverse, n, unit } = rowOf(x, i, options);
    const g = n.map((_, j) => dy[i * d + j] * (gamma?.[j] ?? 1));
    const level = centred ? sum(g) / d : 0;
    const along = sum(g.map((v, j) => v * n[j])) * factor(d);
    const levelUnit = centred ? sum(g.map(Math.abs)) / d : 0;
    const alongUnit = sum(g.map((v, j) => Math.abs(v) * unit[j])) * factor(d);
    for (let j = 0; j < d; j++) {
      const at = i * d + j;
      const extra = add?.[at] ?? 0;
      dx.values[at] = inverse * (g[j] - level - n[j] * along) + extra;
      dx.scale[at] = inverse * (Math.abs(g[j]) + levelUnit + unit[j] * alongUnit) + Math.abs(extra);
      dgamma.values[j] += dy[at] * n[j];
      dgamma.scale[j] += Math.abs(dy[at]) * unit[j];
      dbeta.values[j] += dy[at];
      dbeta.scale[j] += Math.abs(dy[at]);
    }
  }
  return { dx, dgamma, dbeta };
}
