/**
 * Cross-entropy of a head and its gradients in f64 on the CPU.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";

/** What the oracles take beside x [T, D]. */
export interface CrossEntropyOracleOptions {
  /** W [V, D], or [D, V] where `transposed` is set. */
  w: ArrayLike<number>;
  /** W is [D, V]. */
  transposed?: boolean;
  /** A word for each token. */
  targets: ArrayLike<number>;
  /** Targets without a loss. */
  ignore?: number;
  /** Factor of lse^2. */
  zLoss?: number;
  /** Tokens. */
  t: number;
  /** Columns. */
  d: number;
  /** Words. */
  v: number;
}

const weightAt = (o: CrossEntropyOracleOptions, word: number, j: number) =>
  o.transposed ? j * o.v + word : word * o.d + j;

/** Logits of a token, the sum of absolute terms of the largest, and their log-sum-exp. */
function tokenOf(x: ArrayLike<number>, t: number, o: CrossEntropyOracleOptions) {
  let unit = 0;
  const z = Array.from({ length: o.v }, (_, word) => {
    let [sum, terms] = [0, 0];
    for (let j = 0; j < o.d; j++) {
      const term = x[t * o.d + j] * o.w[weightAt(o, word, j)];
      sum += term;
      terms += Math.abs(term);
    }
    unit = Math.max(unit, terms);
    return sum;
  });
  const highest = Math.max(...z);
  const lse = highest + Math.log(z.reduce((s, v) => s + Math.exp(v - highest), 0));
  return { z, lse, unit };
}

const isCounted = (o: CrossEntropyOracleOptions) => (t: number) =>
  o.targets[t] !== (o.ignore ?? 0xffffffff);

/**
 * Loss and log-sum-exp of each token, and the mean loss.
 *
 * @example
 * ```ts
 * import { crossEntropyOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { mean } = crossEntropyOracle([0], { w: [1, 2], targets: [0], t: 1, d: 1, v: 2 });
 * assertEquals(mean, Math.log(2));
 * ```
 */
export function crossEntropyOracle(
  x: ArrayLike<number>,
  options: CrossEntropyOracleOptions,
): { losses: Scaled; lse: Scaled; mean: number } {
  const { t, targets, zLoss = 0 } = options;
  const scaled = () => ({ values: new Float64Array(t), scale: new Float64Array(t) });
  const [losses, lse] = [scaled(), scaled()];
  const counted = Array.from({ length: t }, (_, i) => i).filter(isCounted(options));
  for (let i = 0; i < t; i++) {
    const token = tokenOf(x, i, options);
    lse.values[i] = token.lse;
    lse.scale[i] = 1 + token.unit + Math.abs(token.lse);
  }
  for (const i of counted) {
    const { z, lse: l } = tokenOf(x, i, options);
    losses.values[i] = l - z[targets[i]] + zLoss * l * l;
    losses.scale[i] = 2 * lse.scale[i] + 2 * zLoss * Math.abs(l) * lse.scale[i];
  }
  const total = losses.values.reduce((a, b) => a + b, 0);
  return { losses, lse, mean: counted.length === 0 ? 0 : total / counted.length };
}

/** Gradients of the mean loss times `scale`: dx, and dW in W's layout. */
export function crossEntropyBackwardOracle(
  x: ArrayLike<number>,
  options: CrossEntropyOracleOptions & { scale?: number },
): { dx: Scaled; dw: Scaled } {
  const { t, d, v, w, targets, zLoss = 0, scale = 1 } = options;
  const scaled = (n: number): Scaled => ({
    values: new Float64Array(n),
    scale: new Float64Array(n),
  });
  const [dx, dw] = [scaled(t * d), scaled(v * d)];
  const counted = Array.from({ length: t }, (_, i) => i).filter(isCounted(options));
  const add = (to: Scaled, at: number, terms: { g: number; unit: number; factor: number }) => {
    to.values[at] += terms.g * terms.factor;
    to.scale[at] += terms.unit * Math.abs(terms.factor);
  };
  for (const i of counted) {
    const { z, lse, unit } = tokenOf(x, i, options);
    for (let word = 0; word < v; word++) {
      const p = Math.exp(z[word] - lse) * (1 + 2 * zLoss * lse);
      const hit = word === targets[i] ? 1 : 0;
      const share = scale / counted.length;
      // An exponent's rounding grows with the terms of its logit.
      const g = { g: share * (p - hit), unit: share * (p * (1 + unit) + hit) };
      for (let j = 0; j < d; j++) {
        const at = weightAt(options, word, j);
        add(dx, i * d + j, { ...g, factor: w[at] });
        add(dw, at, { ...g, factor: x[i * d + j] });
      }
    }
  }
  return { dx, dw };
}
