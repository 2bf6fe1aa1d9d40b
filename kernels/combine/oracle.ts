/**
 * The weighted combine in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/** y[t] = extra[t] + sum over slots of weights[t, slot] * rows[places[t, slot]], rows[T * K, D]. */
export function combineOracle(
  rows: ArrayLike<number>,
  options: {
    places: ArrayLike<number>;
    weights: ArrayLike<number>;
    extra?: ArrayLike<number>;
    t: number;
    k: number;
    d: number;
  },
): Scaled {
  const { places, weights, extra, t, k, d } = options;
  const values = new Float64Array(t * d);
  const scale = new Float64Array(t * d);
  for (let token = 0; token < t; token++) {
    for (let j = 0; j < d; j++) {
      const at = token * d + j;
      values[at] = extra?.[at] ?? 0;
      scale[at] = Math.abs(values[at]);
      for (let slot = 0; slot < k; slot++) {
        const choice = token * k + slot;
        const term = weights[choice] * rows[places[choice] * d + j];
        values[at] += term;
        scale[at] += Math.abs(term);
      }
    }
  }
  return { values, scale };
}
