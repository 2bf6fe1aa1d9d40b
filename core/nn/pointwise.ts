/**
 * Sums and storage types, as operations on a tape.
 *
 * @module
 */
import { addTensors, cast, copyTensor } from "../../kernels/mod.ts";
import type { Tape, Variable } from "./tape.ts";

/** a + b, of one shape and storage type. */
export function plus(tape: Tape, a: Variable, b: Variable): Variable {
  const { recorder } = tape;
  const y = addTensors(recorder, a.value, { b: b.value, label: "sum" });
  return tape.variable(y, (dy) => {
    tape.addGrad(a, copyTensor(recorder, dy, { label: "sum gradient" }));
    tape.addGrad(b, dy);
  });
}

/** x in another storage type; x itself where it is stored so. Its gradient has the type of x. */
export function stored(tape: Tape, x: Variable, to: "f32" | "f16"): Variable {
  const { dtype } = x.value;
  if (dtype === to) return x;
  const { recorder } = tape;
  return tape.variable(cast(recorder, x.value, { to }), (dy) => {
    tape.addGrad(x, cast(recorder, dy, { to: dtype === "f16" ? "f16" : "f32" }));
    recorder.pool.release(dy);
  });
}
