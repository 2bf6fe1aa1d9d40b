/**
 * The opposite of taking entries by their columns: adding to them.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import code from "./put.wgsl" with { type: "text" };

/**
 * Records y[T, columns], where entry [t, ids[t, k]] is the sum of the x[t, k] that name it, and 0
 * where none does; an id beyond the columns puts nothing. `ids` is u32 [T * K]. Where `into` is given,
 * that is added to and given back.
 */
export function putEntries(
  recorder: Recorder,
  x: Tensor,
  options: { ids: Tensor; columns: number; into?: Tensor; label?: string },
): Tensor {
  const { ids, columns, into, label = "put" } = options;
  const [rows, top] = x.shape;
  if (ids.shape[0] !== rows * top) {
    throw new RangeError(
      `Cannot put ${x.label} [${rows}, ${top}]: found ${ids.shape[0]} ids, wanted ${rows * top}`,
    );
  }
  const y = into ?? recorder.pool.tensor(label, [rows, columns]);
  y.slot.mirrored = false;
  recorder.launch({
    label,
    kernel: compile(recorder.device, "put", code),
    inputs: [x, ids, y],
    uniforms: [rows, columns, y.pitch, top, x.pitch, into ? 1 : 0],
    grid: linearGrid(rows),
  });
  return y;
}
