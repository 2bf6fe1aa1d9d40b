/**
 * The dense network of a layer, and shared experts, which are one of their summed width.
 *
 * @module
 */
import { elements, gemm, gemmGated, type Recorder, type Tensor } from "../../kernels/mod.ts";
import { inLayer, type LayerRun } from "./running.ts";

/** x times the logistic function of a column, plus a matrix. */
const gatedSum = {
  name: "gated sum",
  gives: "f32",
  reads: { x: "f32", gate: "f32", added: "f32" },
  body: `let g = 1.0 / (1.0 + exp(-gate[row * p.gate_pitch]));
  return x[row * p.x_pitch + column] * g + added[row * p.added_pitch + column];`,
} as const;

/** silu(x Wgate) * (x Wup) Wdown + residual. */
export function network(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { up: string; down: string; residual?: Tensor },
): Tensor {
  const { running: { weights, kernels }, residual } = options;
  const [up, down] = [inLayer(options, options.up), inLayer(options, options.down)];
  const { y: h } = gemmGated(recorder, x, {
    ...{ b: weights.product(up), gate: "silu", label: up, variant: kernels.gemmSwiglu },
  });
  const y = gemm(recorder, h, {
    ...{ b: weights.product(down), add: residual, label: down, variant: kernels.gemm },
  });
  recorder.pool.release(h);
  return y;
}

/**
 * residual + the shared experts of x, times the logistic function of their gate where there is one
 * (Qwen1.5-MoE); the residual itself where there are none.
 */
export function sharedExperts(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { residual: Tensor },
): Tensor {
  const { residual, ...run } = options;
  const { model: { moe }, weights, kernels } = run.running;
  if (!moe?.shared) return residual;
  const names = { up: "moe.sharedUp", down: "moe.sharedDown" };
  if (!moe.sharedGate) return network(recorder, x, { ...run, ...names, residual });
  const y = network(recorder, x, { ...run, ...names });
  const label = inLayer(options, "moe.sharedGate");
  const gate = gemm(recorder, x, { b: weights.product(label), label, variant: kernels.gemm });
  const [rows, columns] = x.shape;
  const tensors = { x: y, gate, added: residual };
  const sum = elements(recorder, gatedSum, { shape: [rows, columns], tensors });
  recorder.pool.release(y, gate);
  return sum;
}
