/**
 * Reverse-mode differentiation over tensors on the device: a list of what was done, gone through
 * backwards.
 *
 * An operation records its launches at once and leaves a closure that records those of its gradient.
 * Nothing runs before the recorder is submitted, so a tape knows nothing of values. It owns the
 * variables that its operations make: a value is released as soon as the gradient of the operation
 * that made it is recorded, which is when nobody reads it any more, and a gradient as soon as it was
 * used. What an operation keeps for its gradient besides, it releases itself.
 *
 * @module
 */
import { addScaled, type Recorder, type Tensor } from "../../kernels/mod.ts";

/** A tensor that gradients flow to. */
export interface Variable {
  /** Its value. */
  readonly value: Tensor;
  /** The gradient of the loss by it: the sum of what arrived so far. */
  grad?: Tensor;
}

/** What was done, and where launches go. */
export interface Tape {
  /** Where launches go. */
  readonly recorder: Recorder;
  /**
   * Makes the variable of an operation's result. `backward` is given the gradient of that result
   * and owns it: it releases it or hands it on.
   */
  variable(value: Tensor, backward: (grad: Tensor) => void): Variable;
  /** Adds to a variable's gradient, and takes the tensor over. */
  addGrad(to: Variable, grad: Tensor): void;
  /** Records the gradients of everything before `last`, whose own gradient is `grad`. */
  backward(last: Variable, grad: Tensor): void;
}

/** Makes an empty tape over a recorder. */
export function createTape(recorder: Recorder): Tape {
  const { pool } = recorder;
  const done: { result: Variable; backward: (grad: Tensor) => void }[] = [];

  function addGrad(to: Variable, grad: Tensor): void {
    if (to.grad === undefined) {
      to.grad = grad;
      return;
    }
    addScaled(recorder, to.grad, { x: grad, label: "add gradients" });
    pool.release(grad);
  }

  return {
    recorder,
    variable(value, backward) {
      const result: Variable = { value };
      done.push({ result, backward });
      return result;
    },
    addGrad,
    backward(last, grad) {
      addGrad(last, grad);
      for (const { result, backward } of done.splice(0).toReversed()) {
        const { grad } = result;
        result.grad = undefined;
        if (grad) backward(grad);
        pool.release(result.value);
      }
    },
  };
}
