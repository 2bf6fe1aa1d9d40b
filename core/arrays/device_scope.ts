/**
 * What all functions of the language need on the device: where they record, and who owns what.
 *
 * A value that is made of fixed ones alone (constants, noise, what was detached) is fixed too: no
 * gradient of it is ever recorded. Index tensors are flat; their rows and columns are remembered here.
 *
 * @module
 */
import type { KernelChoice, Recorder, Tensor } from "../../kernels/mod.ts";
import type { Tape, Variable } from "../nn/tape.ts";
import type { Shape } from "./arrays.ts";
import type { ConstantStore } from "./device_constants.ts";

/** What the language on the device is made of. */
export interface DeviceArraysOptions {
  /** Kernel variants of the products. */
  kernels: KernelChoice;
  /** Seed of noise and of random choices. */
  seed: number;
  /** Step of training, 0 where absent: noise is another in every step. */
  step?: number;
  /** Where constants live; it outlives the tape. */
  constants: ConstantStore;
}

/** See the module. */
export interface DeviceScope extends DeviceArraysOptions {
  /** What was done. */
  tape: Tape;
  /** Where launches go. */
  recorder: Recorder;
  /** The result of an operation; `backward` is given its gradient and releases it or hands it on. */
  made(
    value: Tensor,
    from: readonly Variable[],
    backward: (grad: Tensor) => void,
  ): Variable;
  /**
   * As `made`, of one operand, whose gradient is what `backward` gives. It may add to `into`, what has
   * arrived there so far, and give that back.
   */
  madeOf(
    value: Tensor,
    from: Variable,
    backward: (grad: Tensor, into?: Tensor) => Tensor,
  ): Variable;
  /** A value of the tape without a gradient. */
  fixed(value: Tensor): Variable;
  /** Indices of the tape. */
  ids(value: Tensor, shape: Shape): Tensor;
}

const idShapes = new WeakMap<Tensor, Shape>();

/** Rows and columns of indices; indices of unknown rows are one column. */
export function idShapeOf(ids: Tensor): Shape {
  if (ids.dtype !== "u32" || ids.shape.length !== 1) {
    throw new RangeError(
      `Cannot use ${ids.label} [${ids.shape.join(", ")}] of ${ids.dtype} as indices: ` +
        "wanted u32 [rows * columns]",
    );
  }
  return idShapes.get(ids) ?? [ids.shape[0], 1];
}

/** Remembers rows and columns of flat indices, u32 [rows * columns]. */
export function shapedIds(ids: Tensor, shape: Shape): Tensor {
  if (ids.shape[0] !== shape[0] * shape[1]) {
    throw new RangeError(
      `Cannot read ${ids.shape[0]} indices as [${shape.join(", ")}]: wanted ${shape[0] * shape[1]}`,
    );
  }
  idShapes.set(ids, shape);
  return ids;
}

/** Rows and columns of a matrix. */
export function matrixShapeOf({ value: { shape, label, dtype } }: Variable): Shape {
  if (shape.length === 2 && dtype === "f32") return [shape[0], shape[1]];
  throw new RangeError(
    `Cannot use ${label} [${
      shape.join(", ")
    }] of ${dtype} as a matrix: wanted f32 of two dimensions`,
  );
}

/** A scope over a tape. */
export function deviceScope(tape: Tape, options: DeviceArraysOptions): DeviceScope {
  const { recorder } = tape;
  const fixed = (value: Tensor): Variable => {
    tape.keep(value);
    return { value, fixed: true };
  };
  const scope: DeviceScope = {
    ...options,
    tape,
    recorder,
    fixed,
    made: (value, from, backward) =>
      from.every((one) => one.fixed) ? fixed(value) : tape.variable(value, backward),
    madeOf: (value, from, backward) =>
      scope.made(value, [from], (grad) => {
        const into = from.grad;
        const arrived = backward(grad, into);
        recorder.pool.release(grad);
        if (arrived !== into) tape.addGrad(from, arrived);
      }),
    ids(value, shape) {
      tape.keep(value);
      return shapedIds(value, shape);
    },
  };
  return scope;
}
