/**
 * Sums over the rows of a matrix: gradients of what is added to, or multiplied with, each row.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import code from "./columns.wgsl" with { type: "text" };

/** Rows that one thread adds. */
const BLOCK = 64;

/**
 * Records y[n] = sum over the rows of x[rows, n], in f32, and gives y. Blocks of 64 rows are added
 * first, then their sums, in order.
 *
 * rows * n FLOP; rows * n + n elements moved.
 *
 * @throws {RangeError} where x is no matrix.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [2, 2], Float32Array.of(1, 2, 3, 4));
 * const recorder = k.createRecorder(pool);
 * const y = k.columnSums(recorder, x);
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertEquals([...values], [4, 6]);
 * ```
 */
export function columnSums(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const { label = "column sums" } = options;
  const { pool, device } = recorder;
  if (x.shape.length !== 2) {
    throw new RangeError(
      `Cannot add the rows of ${x.label} [${x.shape.join(", ")}]: wanted a matrix`,
    );
  }
  const [rows, n] = x.shape;
  const vectors = x.pitch / 4;
  const blocks = Math.ceil(rows / BLOCK);
  const add = (of: Tensor, to: Tensor, block: number) => {
    const count = Math.ceil(of.shape[0] / block);
    recorder.launch({
      label,
      kernel: compile(device, "column sums", storagePrelude(of.dtype) + code),
      inputs: [of, to],
      uniforms: [of.shape[0], vectors, block, count],
      grid: linearGrid(count * vectors),
    });
  };
  const y = pool.tensor(label, [n]);
  if (blocks === 1) {
    add(x, y, BLOCK);
    return y;
  }
  const parts = pool.tensor(`${label} of blocks`, [blocks, n]);
  add(x, parts, BLOCK);
  add(parts, y, blocks);
  pool.release(parts);
  return y;
}
