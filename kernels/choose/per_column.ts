/**
 * The choice of experts that pick their tokens (expert choice, Zhou et al., arXiv 2202.09368).
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import code from "./per_column.wgsl" with { type: "text" };

/**
 * Records y[T, N], 1 where a column of x[T, N] takes a row and 0 elsewhere: each column its `count`
 * largest of every `length` neighbouring rows, equal ones by lower row.
 *
 * @throws {RangeError} where rows are no multiple of `length`, or `count` is not 1 to `length`.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [3, 2], Float32Array.of(1, 9, 5, 0, 3, 4));
 * const recorder = k.createRecorder(pool);
 * const y = k.choosePerColumn(recorder, x, { count: 2, length: 3 });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertEquals([...values], [0, 1, 1, 0, 1, 1]);
 * ```
 */
export function choosePerColumn(
  recorder: Recorder,
  x: Tensor,
  options: { count: number; length: number; label?: string },
): Tensor {
  const { count, length, label = "choice per column" } = options;
  const [rows, columns] = x.shape;
  if (rows % length !== 0 || !(count >= 1 && count <= length)) {
    throw new RangeError(`Cannot choose ${count} of every ${length} of ${rows} rows`);
  }
  const y = recorder.pool.tensor(label, x.shape);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "choice per column", code),
    inputs: [x, y],
    uniforms: [rows / length, columns, x.pitch, length, count],
    grid: linearGrid(rows / length * x.pitch),
  });
  return y;
}
