/**
 * Embeddings on the CPU, their gradient in f64.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/**
 * y[t] = table[ids[t]], rows of `d` numbers.
 *
 * @example
 * ```ts
 * import { embedOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...embedOracle([1, 2, 3, 4], { ids: [1, 0], d: 2 })], [3, 4, 1, 2]);
 * ```
 */
export function embedOracle(
  table: ArrayLike<number>,
  options: { ids: ArrayLike<number>; d: number },
): Float64Array {
  const { ids, d } = options;
  return Float64Array.from(
    { length: ids.length * d },
    (_, i) => table[ids[Math.floor(i / d)] * d + i % d],
  );
}

/** The gradient [V, D] of the table, added to what `into` holds. */
export function embedBackwardOracle(
  dy: ArrayLike<number>,
  options: { ids: ArrayLike<number>; d: number; vocabulary: number; into?: ArrayLike<number> },
): Scaled {
  const { ids, d, vocabulary, into } = options;
  const values = Float64Array.from({ length: vocabulary * d }, (_, i) => into?.[i] ?? 0);
  const scale = values.map(Math.abs);
  for (let t = 0; t < ids.length; t++) {
    for (let j = 0; j < d; j++) {
      values[ids[t] * d + j] += dy[t * d + j];
      scale[ids[t] * d + j] += Math.abs(dy[t * d + j]);
    }
  }
  return { values, scale };
}
