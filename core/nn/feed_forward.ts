/**
 * The dense feed-forward network as an operation on a tape: of the forward pass only pre-activations
 * are kept, the activation is made again.
 *
 * @module
 */
import {
  activation as activate,
  expertBackward,
  gemm,
  gemmGated,
  type KernelChoice,
} from "../../kernels/mod.ts";
import type { Activation } from "../spec/activation.ts";
import { activationChoice } from "./activations.ts";
import type { Tape, Variable } from "./tape.ts";

/** What a network is made of. */
export interface FeedForwardOptions {
  /** Gate and up planes [2, D, F] of gated activations, an up matrix [D, F] of others. */
  up: Variable;
  /** Down matrix [F, D]. */
  down: Variable;
  /** Nonlinearity. */
  activation: Activation;
  /** Added to the result [T, D]. */
  residual?: Variable;
  /** Kernel variants. */
  kernels: KernelChoice;
  /** Begin of the labels of its launches. */
  label: string;
}

/** y[T, D] = act(x Wup) Wdown + residual, for x[T, D]; with a gate where the activation has one. */
export function feedForward(tape: Tape, x: Variable, options: FeedForwardOptions): Variable {
  const { up, down, activation, residual, kernels, label } = options;
  const { kind, gated } = activationChoice(activation);
  const { recorder } = tape;
  const { pool } = recorder;
  const first = { b: up.value, label: `${label} up` };
  const rise = () => {
    if (gated) {
      const variant = kernels.gemmSwiglu;
      return gemmGated(recorder, x.value, { ...first, gate: kind, keep: true, variant });
    }
    const kept = gemm(recorder, x.value, { ...first, variant: kernels.gemm });
    return { y: activate(recorder, kept, { kind, label: `${label} activation` }), kept };
  };
  const { y: h, kept } = rise();
  const y = gemm(recorder, h, {
    ...{ b: down.value, add: residual?.value, label: `${label} down`, variant: kernels.gemm },
  });
  pool.release(h);
  return tape.variable(y, (dy) => {
    const byInput = { transposeB: true, variant: kernels.transposed };
    const byWeights = { transposeA: true, variant: kernels.weightGrad };
    const da = gemm(recorder, dy, { ...byInput, b: down.value, label: `${label} down dx` });
    const { dh } = expertBackward(recorder, da, {
      ...{ kind, gated, h: kept!, label: `${label} activation backward` },
    });
    pool.release(kept!);
    // What was the gradient of the activations is now the activations.
    const ddown = gemm(recorder, da, { ...byWeights, b: dy, label: `${label} down dw` });
    pool.release(da);
    const dx = gemm(recorder, dh, { ...byInput, b: up.value, label: `${label} up dx` });
    const dup = gemm(recorder, x.value, { ...byWeights, b: dh, label: `${label} up dw` });
    pool.release(dh);
    tape.addGrad(down, ddown);
    tape.addGrad(up, dup);
    tape.addGrad(x, dx);
    if (residual) tape.addGrad(residual, dy);
    else pool.release(dy);
  }, [kept]);
}
