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
  /** True where no gradient is wanted: a constant, noise, a state. What arrives is dropped. */
  readonly fixed?: boolean;
  /** The gradient of the loss by it: the sum of what arrived so far. */
  grad?: Tensor;
}

/** What was done, and where launches go. */
export interface Tape {
  /** Where launches go. */
  readonly recorder: Recorder;
  /**
   * Makes the variable of an operation's result. `backward` is given the gradient of that result
   * and owns it: it releases it or hands it on. `saved` are tensors that `backward` releases itself,
   * as early as it can; where no gradient arrives the tape does.
   */
  variable(
    value: Tensor,
    backward: (grad: Tensor) => void,
    saved?: readonly (Tensor | undefined)[],
  ): Variable;
  /** Adds to a variable's gradient, and takes the tensor over. */
  addGrad(to: Variable, grad: Tensor): void;
  /**
   * Takes over tensors that operations recorded from here on may read: indices, what a gradient
   * needs besides. They are released when the tape has gone back to where they were given.
   */
  keep(...tensors: Tensor[]): void;
  /** Records the gradients of everything before `last`, whose own gradient is `grad`. */
  backward(last: Variable, grad: Tensor): void;
  /**
   * Releases all that the tape owns, without gradients: the end of a pass that only evaluates. What is
   * still needed is named; it gives those of the named ones that it owned, which who named them owns
   * from then on.
   */
  end(...needed: Tensor[]): Tensor[];
}

/** Makes an empty tape over a recorder. */
export function createTape(recorder: Recorder): Tape {
  const { pool } = recorder;
  /** Operations, and tensors that were only kept. */
  const done: {
    result?: Variable;
    kept?: Tensor[];
    saved?: readonly (Tensor | undefined)[];
    backward?: (grad: Tensor) => void;
  }[] = [];

  /** Goes back through what was done, from its end. */
  function unwind(withGradients: boolean, needed: readonly Tensor[] = []): Tensor[] {
    const left: Tensor[] = [];
    const free = (...tensors: (Tensor | undefined)[]) => {
      for (const tensor of tensors) {
        if (tensor && needed.includes(tensor)) left.push(tensor);
        else if (tensor) pool.release(tensor);
      }
    };
    for (const { result, kept = [], saved = [], backward } of done.splice(0).toReversed()) {
      free(...kept);
      if (!result) continue;
      const { grad } = result;
      result.grad = undefined;
      if (grad && withGradients) backward?.(grad);
      else free(grad, ...saved);
      free(result.value);
    }
    return left;
  }

  function addGrad(to: Variable, grad: Tensor): void {
    if (to.fixed) return pool.release(grad);
    if (to.grad === undefined) {
      to.grad = grad;
      return;
    }
    addScaled(recorder, to.grad, { x: grad, label: "add gradients" });
    pool.release(grad);
  }

  return {
    recorder,
    variable(value, backward, saved) {
      const result: Variable = { value };
      done.push({ result, backward, saved });
      return result;
    },
    addGrad,
    keep(...kept) {
      if (kept.length > 0) done.push({ kept });
    },
    backward(last, grad) {
      addGrad(last, grad);
      unwind(true);
    },
    end: (...needed) => unwind(false, needed),
  };
}
