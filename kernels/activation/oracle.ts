/**
 * Activations and their gradients in f64 on the CPU.
 *
 * @module
 */
import { activationOracles, type Scaled } from "../gemm/oracle.ts";
import type { ActivationChoice, ActivationKind } from "./forms.ts";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const steep = 2 * Math.sqrt(2 / Math.PI);
/** What the fraction of gelu_tanh is the sigmoid of. */
const bent = (x: number) => steep * (x + 0.044715 * x ** 3);
/** Slopes as two terms: the fraction of x that is let through, and x times its own slope. */
const slopeTerms: Readonly<Record<ActivationKind, (x: number) => [number, number]>> = {
  relu: (x) => [x > 0 ? 1 : 0, 0],
  silu: (x) => [sigmoid(x), x * sigmoid(x) * sigmoid(-x)],
  gelu: (x) => [
    x === 0 ? 0.5 : activationOracles.gelu(x) / x,
    x * Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI),
  ],
  gelu_tanh: (x) => {
    const u = bent(x);
    return [sigmoid(u), x * sigmoid(u) * sigmoid(-u) * steep * (1 + 0.134145 * x * x)];
  },
};

/** The fraction that a value is of x is known to a part of 1, not of itself, where it is small. */
const LEAST_FRACTION = 0.01;

/** Value and slope of element `i` with the sums of their terms, and what it is multiplied by. */
function parts(h: ArrayLike<number>, options: ActivationChoice & { i: number; n: number }) {
  const { kind, gated, i, n } = options;
  const [p, q] = slopeTerms[kind](h[i]);
  const value = activationOracles[kind](h[i]);
  return {
    value,
    scale: Math.abs(value) + LEAST_FRACTION * Math.abs(h[i]),
    slope: p + q,
    slopeScale: Math.abs(p) + Math.abs(q) + LEAST_FRACTION,
    up: gated ? h[n + i] : 1,
  };
}

const scaled = (terms: readonly (readonly [value: number, scale: number])[]): Scaled => ({
  values: Float64Array.from(terms, ([value]) => value),
  scale: Float64Array.from(terms, ([, scale]) => Math.abs(scale)),
});

/**
 * act(h), or act(h[0]) * h[1].
 *
 * @example
 * ```ts
 * import { activationOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const { values } = activationOracle([-1, 2, 3, 4], { kind: "relu", gated: true });
 * assertEquals([...values], [0, 8]);
 * ```
 */
export function activationOracle(h: ArrayLike<number>, options: ActivationChoice): Scaled {
  const n = options.gated ? h.length / 2 : h.length;
  return scaled(Array.from({ length: n }, (_, i) => {
    const { value, scale, up } = parts(h, { ...options, i, n });
    return [value * up, scale * up];
  }));
}

/** What `expertBackward` gives, for rows of `f` elements. */
export function expertBackwardOracle(
  da: ArrayLike<number>,
  options: ActivationChoice & {
    h: ArrayLike<number>;
    f: number;
    row?: { weights: ArrayLike<number>; rowIds: ArrayLike<number> };
  },
): { dh: Scaled; as: Scaled; dweights: Scaled } {
  const { h, f, row, gated } = options;
  const n = da.length;
  const all = Array.from({ length: n }, (_, i) => ({
    ...parts(h, { ...options, i, n }),
    s: row ? row.weights[row.rowIds[Math.floor(i / f)]] : 1,
  }));
  const through = all.map(({ slope, slopeScale, up, s }, i) =>
    [s * da[i] * up * slope, s * da[i] * up * slopeScale] as const
  );
  const upper = all.map(({ value, scale, s }, i) =>
    [s * da[i] * value, s * da[i] * scale] as const
  );
  const sums = Array.from({ length: row?.weights.length ?? 0 }, () => [0, 0] as [number, number]);
  all.forEach(({ value, scale, up }, i) => {
    if (!row) return;
    const sum = sums[row.rowIds[Math.floor(i / f)]];
    sum[0] += da[i] * value * up;
    sum[1] += Math.abs(da[i] * scale * up);
  });
  return {
    dh: scaled(gated ? [...through, ...upper] : through),
    as: scaled(all.map(({ value, scale, up, s }) => [s * value * up, s * scale * up])),
    dweights: scaled(sums),
  };
}

/** Gradient of h from that of act(h): dh of {@linkcode expertBackwardOracle} without weights. */
export function activationGradientOracle(
  da: ArrayLike<number>,
  options: ActivationChoice & { h: ArrayLike<number> },
): Scaled {
  return expertBackwardOracle(da, { ...options, f: da.length }).dh;
}
