/**
 * Memory of a mixture-of-experts layer under expert parallelism, forward only, on every rank: an
 * uneven routing costs the hottest rank memory before it costs time.
 *
 * @module
 */
import { dtypeBytes } from "../../../kernels/base/op.ts";
import { checkLoad, type LayerLoad, rowsOfRank } from "./layer.ts";

/** Bytes of a rank. */
export interface LayerMemory {
  /** Rank of the device. */
  rank: number;
  /** Gate, routed experts at hand and shared experts: three matrices for each SwiGLU expert. */
  weightBytes: number;
  /** Input and output of the rank's own tokens. */
  tokenBytes: number;
  /** Own rows packed for the dispatch and returned by the combine. */
  sentBytes: number;
  /** Rows received, their hidden rows and their outputs. */
  receivedBytes: number;
  /** All of it: nothing is freed before the layer ends. */
  totalBytes: number;
}

/**
 * Bytes of every rank, no allocator overhead and no communication buffers of a library counted.
 *
 * @throws {UserError} where counts, tokens and placement do not fit together.
 *
 * @example
 * ```ts
 * import { layerMemory } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const [hot, cold] = layerMemory({
 *   layer: { dModel: 4, dExpert: 8, experts: 2, topK: 1, sharedExperts: 0, sharedWidth: 0 },
 *   counts_RE: [[3, 0], [2, 1]],
 *   tokens_R: [3, 3],
 *   dtype: "bf16",
 * });
 * assertEquals(hot.weightBytes, 2 * (4 * 2 + 3 * 4 * 8));
 * assertEquals([hot.receivedBytes, cold.receivedBytes], [5 * 2 * 16, 1 * 2 * 16]);
 * ```
 */
export function layerMemory(load: LayerLoad): LayerMemory[] {
  checkLoad(load);
  const { dModel: d, dExpert: f, experts, sharedWidth } = load.layer;
  const bytes = dtypeBytes[load.dtype];
  return load.counts_RE.map((counts_E, rank) => {
    const rows = rowsOfRank(load, rank);
    const received = rows.reduce((total, n) => total + n, 0);
    const sent = counts_E.reduce((total, n) => total + n, 0);
    const matrices = 3 * d * (rows.length * f + sharedWidth);
    const weightBytes = bytes * (d * experts + matrices);
    const tokenBytes = bytes * 2 * load.tokens_R[rank] * d;
    const sentBytes = bytes * 2 * sent * d;
    const receivedBytes = bytes * received * (2 * d + f);
    const totalBytes = weightBytes + tokenBytes + sentBytes + receivedBytes;
    return { rank, weightBytes, tokenBytes, sentBytes, receivedBytes, totalBytes };
  });
}
