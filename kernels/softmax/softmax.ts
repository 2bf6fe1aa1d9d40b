/**
 * Softmax and log-sum-exp of the rows of a matrix, and their gradients.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { storagePrelude } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import { type RowLanes, rowLanes } from "../norm/rows.ts";
import { logSumExpBackwardShader, softmaxBackwardShader, softmaxShader } from "./shaders.ts";

/** Records a launch over the rows of x, the shader's text made for the lanes a row has. */
function launchRows(
  recorder: Recorder,
  x: Tensor,
  options: { label: string; text: (lanes: RowLanes) => string; inputs: Tensor[] },
): void {
  const { label, text, inputs } = options;
  const [rows, columns] = x.shape;
  const lanes = rowLanes(recorder.device, rows);
  recorder.launch({
    label,
    kernel: compile(recorder.device, label, storagePrelude(x.dtype) + text(lanes)),
    inputs,
    uniforms: [rows, columns, x.pitch / 4],
    grid: linearGrid(rows * lanes),
  });
}

/**
 * Records the softmax of each row of x[T, N]: y, stored as x is, and the log-sum-exp, f32 [T].
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [1, 2], Float32Array.of(0, Math.log(3)));
 * const recorder = k.createRecorder(pool);
 * const { y, lse } = k.softmax(recorder, x);
 * recorder.submit();
 * const [values, [sum]] = await k.download(device, [y, lse]);
 * device.close();
 * assertAlmostEquals(values[1], 0.75, 1e-6);
 * assertAlmostEquals(sum, Math.log(4), 1e-6);
 * ```
 */
export function softmax(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): { y: Tensor; lse: Tensor } {
  const { label = "softmax" } = options;
  const y = recorder.pool.tensor(label, x.shape, { dtype: x.dtype });
  const lse = recorder.pool.tensor(`${label} lse`, [x.shape[0]]);
  launchRows(recorder, x, {
    label,
    text: (lanes) => softmaxShader(lanes, true),
    inputs: [x, lse, y],
  });
  return { y, lse };
}

/** Records log(sum(exp(x))) of each row of x[T, N], f32 [T]. */
export function logSumExp(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const { label = "log-sum-exp" } = options;
  const lse = recorder.pool.tensor(label, [x.shape[0]]);
  launchRows(recorder, x, {
    label,
    text: (lanes) => softmaxShader(lanes, false),
    inputs: [x, lse],
  });
  return lse;
}

/** Records the gradient of a softmax from dy and y, both [T, N]. */
export function softmaxBackward(
  recorder: Recorder,
  dy: Tensor,
  options: { y: Tensor; label?: string },
): Tensor {
  const { y, label = "softmax backward" } = options;
  const dx = recorder.pool.tensor(label, y.shape, { dtype: y.dtype });
  launchRows(recorder, y, { label, text: softmaxBackwardShader, inputs: [dy, y, dx] });
  return dx;
}

/** Records the gradient [T, N] of a log-sum-exp, from that of its result [T]. */
export function logSumExpBackward(
  recorder: Recorder,
  dlse: Tensor,
  options: { x: Tensor; lse: Tensor; label?: string },
): Tensor {
  const { x, lse, label = "log-sum-exp backward" } = options;
  const dx = recorder.pool.tensor(label, x.shape, { dtype: x.dtype });
  launchRows(recorder, x, { label, text: logSumExpBackwardShader, inputs: [dlse, x, lse, dx] });
  return dx;
}
