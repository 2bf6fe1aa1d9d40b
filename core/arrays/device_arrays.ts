/**
 * The language of gates and losses on the device: each function is a launch or a few on a tape, which
 * goes back through them.
 *
 * A matrix is a variable whose value is a tensor [rows, columns]; indices are a flat tensor u32
 * [rows * columns]. All that is made belongs to the tape: it is released when the tape goes back or
 * ends. A step takes and releases the same tensors in the same order each time, and uploads nothing
 * but constants that it meets for the first time, so it can be planned (`planStep`).
 *
 * @module
 */
import { elementRecipes, elements, type Tensor } from "../../kernels/mod.ts";
import type { Tape, Variable } from "../nn/tape.ts";
import type { Arrays, Shape } from "./arrays.ts";
import { deviceCalculus } from "./device_calculus.ts";
import { deviceChoices } from "./device_choices.ts";
import { deviceExperts } from "./device_experts.ts";
import { deviceMoves } from "./device_moves.ts";
import {
  type DeviceArraysOptions,
  deviceScope,
  idShapeOf,
  matrixShapeOf,
  shapedIds,
} from "./device_scope.ts";

/** The language on the device. */
export type DeviceArrays = Arrays<Variable, Tensor>;

/**
 * The language on a tape; see {@linkcode Arrays}.
 *
 * @example The two best of three experts, and the gradient of their weights' squares
 * ```ts
 * import * as core from "@moelab/moelab/core";
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const logits: core.Variable = { value: pool.upload("logits", [1, 3], Float32Array.of(1, 3, 2)) };
 * const recorder = k.createRecorder(pool);
 * const tape = core.createTape(recorder);
 * const kernels = k.guessedKernels(device);
 * const constants = core.createConstants(device);
 * const g = core.deviceArrays(tape, { kernels, seed: 1, constants });
 * const loss = g.total(g.map("square", g.take(logits, g.topK(logits, 2))));
 * tape.backward(loss, core.lossGradient(tape));
 * recorder.submit();
 * const [gradient] = await k.download(device, [logits.grad!]);
 * device.close();
 * assertEquals([...gradient], [0, 6, 4]);
 * ```
 */
export function deviceArrays(tape: Tape, options: DeviceArraysOptions): DeviceArrays {
  const scope = deviceScope(tape, options);
  const { constants } = options;
  const moves = deviceMoves(scope);
  return {
    ...moves,
    ...deviceCalculus(scope, moves),
    ...deviceChoices(scope),
    ...deviceExperts(scope),
    shapeOf: matrixShapeOf,
    indexShapeOf: idShapeOf,
    constant: (name, shape, values) => ({
      value: constants.matrix(name, shape, values),
      fixed: true,
    }),
    indices: (name, shape, values) => shapedIds(constants.indices(name, shape, values), shape),
    detach: (a) => ({ value: a.value, fixed: true }),
  };
}

/** The numbers of a[T, K] one behind the other, f32 [T * K]: weights as the experts read them. */
export function flat(tape: Tape, a: Variable): Variable {
  const shape = matrixShapeOf(a);
  return reshaped(tape, a, { shape: [1, shape[0] * shape[1]], flat: true });
}

/** The opposite of {@linkcode flat}: numbers f32 [T * K] as a matrix. */
export function unflat(tape: Tape, a: Variable, shape: Shape): Variable {
  return reshaped(tape, a, { shape, flat: false });
}

function reshaped(tape: Tape, a: Variable, to: { shape: Shape; flat: boolean }): Variable {
  const { recorder } = tape;
  const { shape } = a.value;
  const back = {
    shape: shape.length === 1 ? [1, shape[0]] as const : [shape[0], shape[1]] as const,
    flat: shape.length === 1,
  };
  const move = (x: Tensor, options: typeof to) =>
    elements(recorder, elementRecipes.reshape, { ...options, tensors: { x } });
  const value = move(a.value, to);
  if (a.fixed) {
    tape.keep(value);
    return { value, fixed: true };
  }
  return tape.variable(value, (grad) => {
    tape.addGrad(a, move(grad, back));
    recorder.pool.release(grad);
  });
}

/**
 * The gradient of a loss [1, 1] that counts `weight` times in what is trained: a tensor to give to
 * `tape.addGrad(loss, ...)` before the tape goes back, or to `tape.backward(loss, ...)`.
 */
export function lossGradient(tape: Tape, weight = 1): Tensor {
  return elements(tape.recorder, elementRecipes.fill, {
    ...{ shape: [1, 1], values: { by: weight }, label: "gradient of a loss" },
  });
}
