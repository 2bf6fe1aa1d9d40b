/**
 * Attention without a matrix of scores (FlashAttention, arXiv 2205.14135 section 3.1): causal, with
 * grouped queries, windows and sinks, for sequences of any length.
 *
 * @module
 */
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { geometryOf } from "./geometry.ts";
import { launchAttention } from "./launch.ts";
import type { AttentionOptions } from "./options.ts";

/** What the forward pass gives. */
export interface Attended {
  /** The output, [T, heads * value width]. */
  o: Tensor;
  /** Natural logarithm of each row's sum of exponentials, sink included: [heads * T] f32, by head. */
  lse: Tensor;
}

/**
 * Records o = softmax(scale * q k^T) v for each query head of each sequence.
 *
 * `q` is [T, heads * dqk], `k` [T, kvHeads * dqk], `v` [T, kvHeads * dv]; T is a number of sequences
 * times `length`. With `past`, `k` and `v` have rows of earlier tokens before those of the queries.
 * Widths are multiples of 8 up to 256, and `dv` may differ from `dqk`. Stored as f32
 * or f16, all three alike. Memory beside the result: none that grows with the square of the length.
 *
 * @throws {UserError} where heads, widths or the window cannot be.
 * @throws {RangeError} where tensors do not fit each other.
 *
 * @example A token that sees two equal keys averages their values
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const zeros = pool.upload("zeros", [2, 8], new Float32Array(16));
 * const v = pool.upload("v", [2, 8], Float32Array.from({ length: 16 }, (_, i) => i));
 * const recorder = k.createRecorder(pool);
 * const { o } = k.attention(recorder, { q: zeros, k: zeros, v }, { length: 2, heads: 1 });
 * recorder.submit();
 * const [values] = await k.download(device, [o]);
 * device.close();
 * assertEquals([...values.subarray(0, 3)], [0, 1, 2]);
 * assertEquals([...values.subarray(8, 11)], [4, 5, 6]);
 * ```
 */
export function attention(
  recorder: Recorder,
  tensors: Record<"q" | "k" | "v", Tensor>,
  options: AttentionOptions,
): Attended {
  const { q, k, v } = tensors;
  const geometry = geometryOf(tensors, options);
  const { tokens, heads, dv } = geometry;
  const o = recorder.pool.tensor("o", [tokens, heads * dv], { dtype: q.dtype });
  const lse = recorder.pool.tensor("lse", [heads * tokens]);
  launchAttention(recorder, "forward", {
    ...options,
    ...{ geometry, own: [q], streaming: [k, v], rest: [options.sink ?? q, o, lse] },
  });
  return { o, lse };
}
