/**
 * The mixture-of-experts layer in f64 on the CPU, with the routing given: the device's own choice
 * is imposed on it, so that outputs can be compared where a tie was broken another way.
 *
 * @module
 */
import { silu } from "../../kernels/mod.ts";
import type { MoeLayerShape } from "../spec/lower.ts";
import type { MoeLayerWeights } from "./moe_layer.ts";

/** y += weight * (silu(x Wgate) * (x Wup)) Wdown for one token and one network. */
function addFfn(
  y: Float64Array,
  x: ArrayLike<number>,
  options: {
    up: Float32Array;
    down: Float32Array;
    upAt: number;
    downAt: number;
    width: number;
    weight: number;
  },
): void {
  const { up, down, upAt, downAt, width, weight } = options;
  const d = y.length;
  const gate = new Float64Array(width);
  const value = new Float64Array(width);
  for (let i = 0; i < d; i++) {
    const at = upAt + i * width;
    for (let j = 0; j < width; j++) {
      gate[j] += x[i] * up[at + j];
      value[j] += x[i] * up[at + d * width + j];
    }
  }
  for (let j = 0; j < width; j++) {
    const h = weight * silu(gate[j]) * value[j];
    const at = downAt + j * d;
    for (let i = 0; i < d; i++) y[i] += h * down[at + i];
  }
}

/**
 * y[d] of the given tokens, concatenated.
 *
 * `ids` and `weights` are the routing of all tokens, T * K each; `x` is [T, D].
 */
export function moeLayerOracle(
  x: Float32Array,
  options: {
    shape: MoeLayerShape;
    weights: MoeLayerWeights;
    routing: { ids: ArrayLike<number>; weights: ArrayLike<number>; topK: number };
    tokens: readonly number[];
  },
): Float64Array {
  const { shape, weights, routing, tokens } = options;
  const { dModel: d, dExpert: f, sharedWidth: s } = shape;
  const out = new Float64Array(tokens.length * d);
  tokens.forEach((t, row) => {
    const y = out.subarray(row * d, row * d + d);
    const x_D = x.subarray(t * d, t * d + d);
    if (s > 0) {
      const { sharedUp_2DS: up, sharedDown_SD: down } = weights;
      addFfn(y, x_D, { up, down, upAt: 0, downAt: 0, width: s, weight: 1 });
    }
    for (let slot = 0; slot < routing.topK; slot++) {
      const e = routing.ids[t * routing.topK + slot];
      addFfn(y, x_D, {
        up: weights.up_E2DF,
        down: weights.down_EFD,
        upAt: 2 * e * d * f,
        downAt: e * f * d,
        width: f,
        weight: routing.weights[t * routing.topK + slot],
      });
    }
  });
  return out;
}
