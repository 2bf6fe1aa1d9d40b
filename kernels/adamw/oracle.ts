/**
 * AdamW in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import { adamwDefaults, type AdamwNumbers } from "./adamw.ts";

/**
 * One step of AdamW: the new parameter and moments.
 *
 * @example
 * ```ts
 * import { adamwOracle } from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const state = { gradient: [3], m: [0], v: [0] };
 * const { p } = adamwOracle([1], { ...state, step: 1, rate: 0.1 });
 * assertAlmostEquals(p.values[0], 0.9, 1e-8);
 * ```
 */
export function adamwOracle(
  parameter: ArrayLike<number>,
  options: AdamwNumbers & {
    gradient: ArrayLike<number>;
    m: ArrayLike<number>;
    v: ArrayLike<number>;
    factor?: number;
  },
): { p: Scaled; m: Scaled; v: Scaled } {
  const { gradient, factor = 1, step, rate, beta1, beta2, epsilon, decay } = {
    ...adamwDefaults,
    ...options,
  };
  const n = parameter.length;
  const empty = () => ({ values: new Float64Array(n), scale: new Float64Array(n) });
  const [p, m, v] = [empty(), empty(), empty()];
  for (let i = 0; i < n; i++) {
    const g = factor * gradient[i];
    const kept = beta1 * options.m[i];
    const fresh = (1 - beta1) * g;
    m.values[i] = kept + fresh;
    m.scale[i] = Math.abs(kept) + Math.abs(fresh);
    v.values[i] = v.scale[i] = beta2 * options.v[i] + (1 - beta2) * g * g;
    const root = Math.sqrt(v.values[i] / (1 - beta2 ** step)) + epsilon;
    const stride = rate / (1 - beta1 ** step) / root;
    p.values[i] = parameter[i] - rate * decay * parameter[i] - stride * m.values[i];
    p.scale[i] = Math.abs(parameter[i]) + Math.abs(stride) * m.scale[i];
  }
  return { p, m, v };
}
