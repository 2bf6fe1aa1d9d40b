/**
 * The balanced assignment of tokens to experts (BASE, Lewis et al., arXiv 2103.16716): each row of a
 * matrix gets one column, all columns the same number of rows, and the sum of the entries is about as
 * large as it can be.
 *
 * One workgroup does it in three steps. Prices of the columns are found at which rows, each choosing
 * what is best less its price, want all columns equally: rows and columns are normalised in turn
 * (Sinkhorn), ever more sharply. Then rows take the best column that has room; this ends with equal
 * loads. Last, pairs of columns exchange one row each (or a row for a free place) as long as both
 * together gain, in at most {@linkcode SWAP_ROUNDS} rounds. Ties go to the lower index throughout, so the same numbers give the
 * same assignment.
 *
 * @module
 */
import { UserError } from "../base/errors.ts";
import { compile, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import code from "./assign.wgsl" with { type: "text" };

/** Rounds in which columns exchange rows, at most; a round is one exchange for each column. */
export const SWAP_ROUNDS = 64;

/** Sharpness is doubled so often, and prices are updated so often for each. */
const SHARPENINGS = 7;
const UPDATES = 4;
/** Threads of the workgroup: a column has a thread of its own. */
const MOST_COLUMNS = 256;

/**
 * Records a column for each row of x[T, N], u32 [T]: each column gets floor(T / N) rows, and T mod N
 * of them one more.
 *
 * @throws {UserError} where there are more than 256 columns.
 *
 * @example Both rows would like column 0; the second loses less
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [2, 2], Float32Array.of(9, 1, 8, 7));
 * const recorder = k.createRecorder(pool);
 * const ids = k.assignEqually(recorder, x);
 * recorder.submit();
 * const [values] = await k.download(device, [ids]);
 * device.close();
 * assertEquals([...values], [0, 1]);
 * ```
 */
export function assignEqually(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const { label = "equal assignment" } = options;
  const { pool, device } = recorder;
  const [rows, columns] = x.shape;
  if (columns > MOST_COLUMNS) {
    throw new UserError(
      `Cannot assign ${rows} rows to ${columns} columns: wanted at most ${MOST_COLUMNS}`,
    );
  }
  const capacity = Math.ceil(rows / columns);
  const pairs = columns * columns;
  const numbers = pool.tensor(`${label} numbers`, [Math.max(rows, pairs)]);
  const members = pool.tensor(`${label} members`, [columns * capacity + pairs], { dtype: "u32" });
  const ids = pool.tensor(label, [rows], { dtype: "u32" });
  recorder.launch({
    label,
    kernel: compile(device, "equal assignment", code),
    inputs: [x, numbers, members, ids],
    uniforms: [rows, columns, x.pitch, capacity, SHARPENINGS, UPDATES, SWAP_ROUNDS],
    grid: [1],
  });
  pool.release(numbers, members);
  return ids;
}
