/**
 * Brings each token's expert outputs back together, weighted; backwards, the gradients of its copies.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import code from "./combine.wgsl" with { type: "text" };

/** Vectors of a row that one thread makes. */
const VECTORS_A_THREAD = 4;

/** What is brought together. */
export interface CombineOptions {
  /** The row of each choice, u32 [T * K]; `NO_CHOICE` adds nothing. */
  places: Tensor;
  /** The weight of each choice, f32 [T * K]; 1 where absent. */
  weights?: Tensor;
  /** Choices a token. */
  topK: number;
  /** A matrix [T, D] that is added, such as the output of shared experts. */
  extra?: Tensor;
  /** Label of the launch. */
  label?: string;
}

/**
 * Records y[T, D] = extra[T, D] + sum over K of weights[t, slot] * rows[places[t, slot]], with `rows`
 * [T * K, D] sorted by expert, and gives y.
 *
 * 2 T K D FLOP; T K (D + 2) + T D elements moved, T D more with an extra.
 *
 * @example Two rows that make one token
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const rows = pool.upload("rows", [2, 1], Float32Array.of(4, 8));
 * const places = pool.upload("places", [2], Uint32Array.of(1, 0));
 * const weights = pool.upload("weights", [2], Float32Array.of(0.25, 0.75));
 * const recorder = k.createRecorder(pool);
 * const y = k.combine(recorder, rows, { places, weights, topK: 2 });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertEquals([...values], [5]);
 * ```
 */
export function combine(recorder: Recorder, rows: Tensor, options: CombineOptions): Tensor {
  const { places, weights, topK, extra, label = "combine" } = options;
  const { dtype } = rows;
  const tokens = places.shape[0] / topK;
  const y = recorder.pool.tensor("y_TD", [tokens, rows.shape[1]], { dtype });
  const vectors = y.pitch / 4;
  const lanes = Math.ceil(vectors / VECTORS_A_THREAD);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "combine", storagePrelude(dtype) + code),
    inputs: [rows, places, weights ?? places, extra ?? rows, y],
    uniforms: [tokens, topK, vectors, lanes, weights ? 1 : 0, extra ? 1 : 0],
    grid: linearGrid(tokens * lanes),
  });
  return y;
}

/**
 * Records the gradient of tokens whose rows were copied to their experts: dx[T, D] = extra[T, D] +
 * sum over K of dRows[places[t, slot]]. The weights took part in dRows already. It is
 * {@linkcode combine} without weights; `combine`'s own gradients are a gather of dy, which the
 * products that read it make themselves, and the row sums of `expertBackward`.
 */
export function combineBackward(
  recorder: Recorder,
  dRows: Tensor,
  options: Omit<CombineOptions, "weights">,
): Tensor {
  return combine(recorder, dRows, { label: "combine backward", ...options });
}
