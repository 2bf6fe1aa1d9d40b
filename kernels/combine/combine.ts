/**
 * Brings each token's expert outputs back together, weighted.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import code from "./combine.wgsl" with { type: "text" };

/**
 * Records y[T, D] = extra[T, D] + sum over K of weights[t, slot] * rows[places[t, slot]].
 *
 * `rows` is [T * K, D], sorted by expert; `extra` is the output of shared experts, if any.
 */
export function combine(
  recorder: Recorder,
  rows: Tensor,
  options: { places: Tensor; weights: Tensor; topK: number; extra?: Tensor; label?: string },
): Tensor {
  const { places, weights, topK, extra, label = "combine" } = options;
  const [choices, d] = rows.shape;
  const tokens = choices / topK;
  const y = recorder.pool.tensor("y_TD", [tokens, d]);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "combine", code),
    inputs: [rows, places, weights, extra ?? rows, y],
    uniforms: [tokens, topK, y.pitch / 4, extra ? 1 : 0],
    grid: linearGrid(tokens * y.pitch / 4),
  });
  return y;
}
