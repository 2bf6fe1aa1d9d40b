/**
 * Softmax and top-k in f64 on the CPU.
 *
 * @module
 */

/** Chosen experts and their weights, token by token. */
export interface RoutingOracle {
  /** T * K expert ids. */
  ids: Uint32Array;
  /** T * K weights. */
  weights: Float64Array;
  /** Gap between the last chosen logit and the first not chosen, by token (Infinity for k = E). */
  gap: Float64Array;
}

/**
 * The k largest of each row of logits [T, E], ties to the lower index.
 *
 * @example
 * ```ts
 * import { routerOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { ids, weights } = routerOracle([0, 2, 2], { t: 1, e: 3, k: 2, renormalise: true });
 * assertEquals([...ids], [1, 2]);
 * assertEquals([...weights], [0.5, 0.5]);
 * ```
 */
export function routerOracle(
  logits: ArrayLike<number>,
  dims: { t: number; e: number; k: number; renormalise: boolean },
): RoutingOracle {
  const { t, e, k, renormalise } = dims;
  const out = {
    ids: new Uint32Array(t * k),
    weights: new Float64Array(t * k),
    gap: new Float64Array(t),
  };
  for (let row = 0; row < t; row++) {
    const x = Array.from({ length: e }, (_, i) => logits[row * e + i]);
    const order = x.map((_, i) => i).sort((a, b) => x[b] - x[a] || a - b);
    const highest = x[order[0]];
    const total = x.reduce((s, v) => s + Math.exp(v - highest), 0);
    const chosen = order.slice(0, k);
    const weights = chosen.map((i) => Math.exp(x[i] - highest) / total);
    const divisor = renormalise ? weights.reduce((a, b) => a + b) : 1;
    chosen.forEach((id, slot) => {
      out.ids[row * k + slot] = id;
      out.weights[row * k + slot] = weights[slot] / divisor;
    });
    out.gap[row] = k < e ? x[order[k - 1]] - x[order[k]] : Infinity;
  }
  return out;
}
