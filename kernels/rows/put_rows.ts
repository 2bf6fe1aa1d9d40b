/**
 * Rows that are written to a place in a longer matrix, such as keys into a cache. A view of rows
 * begins at multiples of 8 alone; these may begin anywhere.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import code from "./put_rows.wgsl" with { type: "text" };

/**
 * Records y[first + r] = x[r] for the rows of x[R, N], within y[T, N]; the other rows stay what they
 * are. 2 R N elements moved.
 *
 * @throws {RangeError} where the rows do not fit.
 *
 * @example The second of three rows
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const y = pool.upload("y", [3, 2], new Float32Array(6));
 * const x = pool.upload("x", [1, 2], Float32Array.of(1, 2));
 * const recorder = k.createRecorder(pool);
 * k.putRows(recorder, y, { x, first: 1 });
 * recorder.submit();
 * const [values] = await k.download(device, [y]);
 * device.close();
 * assertEquals([...values], [0, 0, 1, 2, 0, 0]);
 * ```
 */
export function putRows(
  recorder: Recorder,
  y: Tensor,
  options: { x: Tensor; first: number; label?: string },
): void {
  const { x, first, label = "put rows" } = options;
  const [rows, columns] = x.shape;
  const fits = columns === y.shape[1] && x.dtype === y.dtype && y.offset === 0;
  if (!fits || !Number.isInteger(first) || first < 0 || first + rows > y.shape[0]) {
    throw new RangeError(
      `Cannot put ${x.label} [${x.shape.join(", ")}] of ${x.dtype} from row ${first} on into ` +
        `${y.label} [${y.shape.join(", ")}] of ${y.dtype}`,
    );
  }
  y.slot.mirrored = false;
  const vectors = x.pitch / 4;
  recorder.launch({
    label,
    kernel: compile(recorder.device, "put rows", storagePrelude(x.dtype) + code),
    inputs: [x, y],
    uniforms: [rows, vectors, first],
    grid: linearGrid(rows * vectors),
  });
}
