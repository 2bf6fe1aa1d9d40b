/**
 * The layers of a transformer, as operations on a tape: each records its forward pass at once and
 * leaves that of its gradient.
 *
 * A residual is added where the branch ends, by the product or the combination that makes its last
 * tensor; its gradient is handed on as it is. Where several products read one tensor, each adds its
 * part of the gradient to what the others left.
 *
 * @module
 */
import {
  attention,
  attentionBackward,
  type AttentionOptions,
  columnSums,
  embed,
  embedBackward,
  gemm,
  type KernelChoice,
  norm,
  normBackward,
  type NormKind,
  rope,
  ropeBackward,
  type RopeOptions,
} from "../../kernels/mod.ts";
import type { Tensor } from "../../kernels/mod.ts";
import { moeLayer, type MoeLayerOptions, type MoeLayerTensors } from "./moe_layer.ts";
import { moeLayerBackward } from "./moe_layer_backward.ts";
import type { Tape, Variable } from "./tape.ts";

/** What a linear map is made of. */
export interface LinearOptions {
  /** The weights [M, N]. */
  w: Variable;
  /** Added to each row [N]. */
  bias?: Variable;
  /** Added to the result. */
  residual?: Variable;
  /** How the heads in the result's columns are turned by their positions. */
  turn?: Omit<RopeOptions, "inPlace">;
  /** Kernel variants. */
  kernels: KernelChoice;
  /** Label of the launches. */
  label: string;
}

/** y[T, N] = x[T, M] W[M, N] + bias, plus `residual` [T, N] or turned by rotary positions. */
export function linear(tape: Tape, x: Variable, options: LinearOptions): Variable {
  const { w, bias, residual, turn, kernels, label } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const y = gemm(recorder, x.value, {
    ...{ b: w.value, bias: bias?.value, add: residual?.value, label, variant: kernels.gemm },
  });
  // In place: the gradient of the product needs its operands alone.
  if (turn) rope(recorder, y, { ...turn, inPlace: true });
  return tape.variable(y, (dy) => {
    if (turn) ropeBackward(recorder, dy, { ...turn, inPlace: true });
    const dw = gemm(recorder, x.value, {
      ...{ b: dy, transposeA: true, label: `${label} dw`, variant: kernels.weightGrad },
    });
    const into = x.grad;
    const dx = gemm(recorder, dy, {
      ...{ b: w.value, transposeB: true, label: `${label} dx`, variant: kernels.transposed },
      ...{ into, accumulate: into !== undefined },
    });
    tape.addGrad(w, dw);
    if (bias) tape.addGrad(bias, columnSums(recorder, dy, { label: `${label} dbias` }));
    if (!into) tape.addGrad(x, dx);
    if (residual) tape.addGrad(residual, dy);
    else pool.release(dy);
  });
}

/** RMSNorm of the rows of x[T, D], or LayerNorm, with gamma [D] and beta [D]. */
export function normalise(
  tape: Tape,
  x: Variable,
  options: { kind?: NormKind; gamma: Variable; beta?: Variable; label: string },
): Variable {
  const { kind = "rms", gamma, beta, label } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const normed = norm(recorder, x.value, {
    ...{ kind, gamma: gamma.value, beta: beta?.value, label },
  });
  const sums = [normed.inverse, ...(normed.mean ? [normed.mean] : [])];
  return tape.variable(normed.y, (dy) => {
    // What has arrived through the residual is added while dx is written.
    const add = x.grad;
    x.grad = undefined;
    const { dx, dgamma, dbeta } = normBackward(recorder, dy, {
      ...{ kind, x: x.value, normed, gamma: gamma.value, beta: beta !== undefined, add },
      label: `${label} backward`,
    });
    pool.release(dy, ...sums, ...(add ? [add] : []));
    tape.addGrad(gamma, dgamma!);
    if (beta) tape.addGrad(beta, dbeta!);
    x.grad = dx;
  }, sums);
}

/** Attention of q[T, H dqk], k[T, G dqk] and v[T, G dv], with one logit a head in `sink` [H]. */
export function attend(
  tape: Tape,
  inputs: Record<"q" | "k" | "v", Variable>,
  options: Omit<AttentionOptions, "sink"> & { sink?: Variable },
): Variable {
  const { sink, ...rest } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const tensors = { q: inputs.q.value, k: inputs.k.value, v: inputs.v.value };
  const told = { ...rest, sink: sink?.value };
  const { o, lse } = attention(recorder, tensors, told);
  return tape.variable(o, (grad) => {
    const all = { ...tensors, o, lse, grad };
    const { dq, dk, dv, dsink } = attentionBackward(recorder, all, told);
    pool.release(grad, lse);
    if (sink) tape.addGrad(sink, dsink!);
    tape.addGrad(inputs.q, dq);
    tape.addGrad(inputs.k, dk);
    tape.addGrad(inputs.v, dv);
  }, [lse]);
}

/** The rows of table [V, D] that ids [T] name. */
export function lookUp(
  tape: Tape,
  table: Variable,
  options: { ids: Tensor; label: string },
): Variable {
  const { ids, label } = options;
  const { recorder } = tape;
  return tape.variable(embed(recorder, table.value, { ids, label }), (dy) => {
    const [vocabulary] = table.value.shape;
    const into = table.grad;
    const dtable = embedBackward(recorder, dy, {
      ...{ ids, vocabulary, into, accumulate: into !== undefined, label: `${label} backward` },
    });
    table.grad = dtable;
    recorder.pool.release(dy);
  });
}

/** Weights of a mixture-of-experts layer as variables; null where there are no shared experts. */
export type MoeVariables = { [K in keyof MoeLayerTensors]: Variable | null };

/**
 * The fused mixture-of-experts layer over x[T, D], its router within, plus `residual` [T, D]; `seen` is
 * shown what it chose.
 */
export function moe(
  tape: Tape,
  x: Variable,
  options: Omit<MoeLayerOptions, "w"> & {
    w: MoeVariables;
    residual: Variable;
    seen?: (chosen: { ids: Tensor; logits: Tensor }) => void;
  },
): Variable {
  const { w, residual, seen, ...rest } = options;
  const { recorder } = tape;
  const { pool } = recorder;
  const names = Object.keys(w) as (keyof MoeLayerTensors)[];
  const tensors = Object.fromEntries(names.map((n) => [n, w[n]?.value ?? null]));
  const layer: MoeLayerOptions = { ...rest, w: tensors as MoeLayerTensors };
  const forward = moeLayer(recorder, x.value, { ...layer, residual: residual.value, keep: true });
  const chosen = forward.tensors.filter((t) => t !== forward.y_TD);
  const { logits_TE, kept_2RF, sharedKept_2TS } = forward.saved!;
  seen?.({ ids: forward.routing.ids, logits: logits_TE });
  return tape.variable(forward.y_TD, (dy) => {
    const { dx_TD, w: dw } = moeLayerBackward(recorder, dy, { ...layer, forward });
    pool.release(...chosen);
    for (const name of names) {
      const [to, grad] = [w[name], dw[name]];
      if (to && grad) tape.addGrad(to, grad);
    }
    tape.addGrad(x, dx_TD);
    tape.addGrad(residual, dy);
  }, [...chosen, logits_TE, kept_2RF, sharedKept_2TS]);
}
