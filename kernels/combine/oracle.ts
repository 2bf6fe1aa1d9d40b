/**
 * The combine in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import { NO_CHOICE } from "../group_tokens/group_tokens.ts";

/**
 * y[t] = extra[t] + sum over slots of weights[t, slot] * rows[places[t, slot]], rows[T * K, D]; a slot
 * without a place adds nothing.
 *
 * @example
 * ```ts
 * import { combineOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const options = { places: [1, 0], weights: [0.25, 0.75], t: 1, k: 2, d: 1 };
 * assertEquals(combineOracle([4, 8], options).values[0], 5);
 * ```
 */
export function combineOracle(
  rows: ArrayLike<number>,
  options: {
    places: ArrayLike<number>;
    /** 1 where absent. */
    weights?: ArrayLike<number>;
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
        if (places[choice] === NO_CHOICE) continue;
        const term = (weights?.[choice] ?? 1) * rows[places[choice] * d + j];
        values[at] += term;
        scale[at] += Math.abs(term);
      }
    }
  }
  return { values, scale };
}
