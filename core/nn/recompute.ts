/**
 * Recomputation (Chen et al., arXiv 1604.06174): of a part of a forward pass only inputs and outputs
 * are kept, and the part is recorded once more where its gradient is.
 *
 * A kernel that runs twice gives the same bits twice, and gradients are added in the same order: the
 * result is that of the part without recomputation, bit by bit.
 *
 * @module
 */
import { createTape, type Tape, type Variable } from "./tape.ts";

/** Which of its two recordings a part is in. */
export type Pass = "first" | "again";

/**
 * A part of a forward pass whose inner values are not kept. `part` records it on the tape that it is
 * given, from inputs in the order given; the gradient has to arrive at the first of its outputs.
 * Other variables that it reads, such as weights, get their gradients as always.
 */
export function recomputed(
  tape: Tape,
  inputs: readonly Variable[],
  part: (tape: Tape, inputs: readonly Variable[], pass: Pass) => readonly Variable[],
): Variable[] {
  const { recorder } = tape;
  const record = (pass: Pass) => {
    const inner = createTape(recorder);
    const own = inputs.map(({ value, fixed }): Variable => ({ value, fixed }));
    return { inner, own, outputs: part(inner, own, pass) };
  };
  const first = record("first");
  const owned = first.inner.end(...first.outputs.map(({ value }) => value));

  // Gradients of the later outputs are there when that of the first is asked for.
  const [main, ...others] = first.outputs;
  const arrived = others.map(() => undefined as Variable["grad"]);
  const result = tape.variable(main.value, (grad) => {
    const { inner, own, outputs } = record("again");
    outputs.slice(1).forEach((output, i) => {
      const late = arrived[i];
      if (late) inner.addGrad(output, late);
    });
    inner.backward(outputs[0], grad);
    own.forEach((variable, i) => {
      if (variable.grad) tape.addGrad(inputs[i], variable.grad);
    });
  });
  return [
    result,
    ...others.map(({ value, fixed }, i) => {
      if (!fixed) return tape.variable(value, (grad) => void (arrived[i] = grad));
      if (owned.includes(value)) tape.keep(value);
      return { value, fixed };
    }),
  ];
}
