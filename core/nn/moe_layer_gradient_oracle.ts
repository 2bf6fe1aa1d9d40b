/**
 * The gradient of the mixture-of-experts layer in f64 on the CPU, with the choice of experts given,
 * and the scalar that it is the gradient of, so that differences can judge it.
 *
 * @module
 */
import { silu } from "../../kernels/mod.ts";
import type { MoeLayerShape } from "../spec/lower.ts";

/** The layer's input and weights, flat: x is [T, D], the rest as in the layer. */
export interface MoeValues {
  /** Input [T, D]. */
  x: Float64Array;
  /** Router [D, E]. */
  router_DE: Float64Array;
  /** Gate and up planes [E, 2, D, F]. */
  up_E2DF: Float64Array;
  /** Down products [E, F, D]. */
  down_EFD: Float64Array;
  /** Gate and up planes of the shared experts [2, D, S]. */
  sharedUp_2DS: Float64Array;
  /** Down product of the shared experts [S, D]. */
  sharedDown_SD: Float64Array;
}

/** What is held fixed. */
export interface MoeFixed {
  /** Sizes. */
  shape: MoeLayerShape;
  /** Chosen experts, T * K. */
  ids: ArrayLike<number>;
  /** Whether weights are a softmax over the chosen logits alone. */
  renormalise: boolean;
  /** Gradient of the output [T, D]: the loss is its inner product with the output. */
  dy: ArrayLike<number>;
}

const slope = (x: number) => {
  const s = 1 / (1 + Math.exp(-x));
  return s + x * s * (1 - s);
};

/** One network on one token: its output times dy, and, where asked for, its gradients. */
function network(
  at: { x: Float64Array; dy: ArrayLike<number>; t: number; d: number; f: number },
  weights: { up: Float64Array; upAt: number; down: Float64Array; downAt: number },
  grads?: { scale: number; dx: Float64Array; up: Float64Array; down: Float64Array },
): number {
  const { x, dy, t, d, f } = at;
  const { up, upAt, down, downAt } = weights;
  let total = 0;
  for (let j = 0; j < f; j++) {
    let [gate, value, da] = [0, 0, 0];
    for (let i = 0; i < d; i++) {
      gate += x[t * d + i] * up[upAt + i * f + j];
      value += x[t * d + i] * up[upAt + (d + i) * f + j];
      da += dy[t * d + i] * down[downAt + j * d + i];
    }
    const a = silu(gate) * value;
    total += a * da;
    if (!grads) continue;
    const { scale, dx } = grads;
    const [dgate, dvalue] = [scale * da * slope(gate) * value, scale * da * silu(gate)];
    for (let i = 0; i < d; i++) {
      grads.down[downAt + j * d + i] += scale * a * dy[t * d + i];
      grads.up[upAt + i * f + j] += x[t * d + i] * dgate;
      grads.up[upAt + (d + i) * f + j] += x[t * d + i] * dvalue;
      dx[t * d + i] += dgate * up[upAt + i * f + j] + dvalue * up[upAt + (d + i) * f + j];
    }
  }
  return total;
}

/** Routing weights of a token's choices, and its probabilities over all experts. */
function routingOf(v: MoeValues, fixed: MoeFixed, t: number): { s: number[]; p: number[] } {
  const { dModel: d, experts: e, topK } = fixed.shape;
  const chosen = Array.from({ length: topK }, (_, k) => fixed.ids[t * topK + k]);
  const logits = Array.from({ length: e }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += v.x[t * d + i] * v.router_DE[i * e + j];
    return sum;
  });
  const over = fixed.renormalise ? chosen : logits.map((_, j) => j);
  const total = over.reduce((sum, j) => sum + Math.exp(logits[j]), 0);
  const p = logits.map((z, j) => over.includes(j) ? Math.exp(z) / total : 0);
  return { s: chosen.map((j) => p[j]), p };
}

function pass(v: MoeValues, fixed: MoeFixed, grads?: MoeValues): number {
  const { shape, dy, ids } = fixed;
  const { dModel: d, dExpert: f, experts: e, topK, sharedWidth } = shape;
  let loss = 0;
  for (let t = 0; t < v.x.length / d; t++) {
    const at = { x: v.x, dy, t, d };
    const { s, p } = routingOf(v, fixed, t);
    const dp = new Float64Array(e);
    for (let k = 0; k < topK; k++) {
      const j = ids[t * topK + k];
      const weights = { up: v.up_E2DF, upAt: 2 * j * d * f, down: v.down_EFD, downAt: j * f * d };
      const into = grads && { up: grads.up_E2DF, down: grads.down_EFD, dx: grads.x, scale: s[k] };
      const out = network({ ...at, f }, weights, into);
      loss += s[k] * out;
      dp[j] += out;
    }
    if (sharedWidth > 0) {
      const weights = { up: v.sharedUp_2DS, upAt: 0, down: v.sharedDown_SD, downAt: 0 };
      const into = grads &&
        { up: grads.sharedUp_2DS, down: grads.sharedDown_SD, dx: grads.x, scale: 1 };
      loss += network({ ...at, f: sharedWidth }, weights, into);
    }
    if (!grads) continue;
    const mean = p.reduce((sum, q, j) => sum + q * dp[j], 0);
    p.forEach((q, j) => {
      const dlogit = q * (dp[j] - mean);
      for (let i = 0; i < d; i++) {
        grads.router_DE[i * e + j] += v.x[t * d + i] * dlogit;
        grads.x[t * d + i] += v.router_DE[i * e + j] * dlogit;
      }
    });
  }
  return loss;
}

/** The inner product of the layer's output with `dy`. */
export const moeLoss = (values: MoeValues, fixed: MoeFixed): number => pass(values, fixed);

/** The gradients of {@linkcode moeLoss} by everything. */
export function moeLossGradients(values: MoeValues, fixed: MoeFixed): MoeValues {
  const zeros = Object.fromEntries(
    Object.entries(values).map(([name, v]) => [name, new Float64Array(v.length)]),
  ) as unknown as MoeValues;
  pass(values, fixed, zeros);
  return zeros;
}
