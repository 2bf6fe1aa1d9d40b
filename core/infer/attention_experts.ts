/**
 * What attention experts give together (BAM, arXiv 2408.08274, section 3): the heads of each times what
 * its router says it counts for a token, through one product that sums over all.
 *
 * Router and weighing are those of training, recorded on a tape that is ended without gradients.
 *
 * @module
 */
import { gemm, type Recorder, type Tensor } from "../../kernels/mod.ts";
import { expertShares, weighHeads } from "../nn/attention_experts.ts";
import { createTape } from "../nn/tape.ts";
import type { ExpertAttention } from "../spec/model.ts";
import { inLayer, type LayerRun } from "./running.ts";

/**
 * residual + the sum over experts of shares(a) times their heads o [T, heads of all * width], each
 * through its own output projection.
 */
export function weighedExperts(
  recorder: Recorder,
  o: Tensor,
  options: LayerRun & {
    spec: ExpertAttention;
    /** What the router reads, [T, D]. */
    a: Tensor;
    residual: Tensor;
  },
): Tensor {
  const { running: { weights, kernels }, spec: attention, a, residual } = options;
  const { routing } = attention;
  const variant = kernels.gemm;
  const tape = createTape(recorder);
  const router = { value: weights.vector(inLayer(options, "attention.router")) };
  const shares = expertShares(tape, { value: a }, { router, routing, kernels });
  const weighed = weighHeads(tape, { value: o }, { shares, attention });
  const label = inLayer(options, "attention.out");
  const bias = weights.find(`${label}.bias`);
  // Biases are weighed as their experts are.
  const biased = bias
    ? gemm(recorder, shares.value, { b: bias, add: residual, label: `${label}.bias`, variant })
    : residual;
  const y = gemm(recorder, weighed.value, {
    ...{ b: weights.product(label), add: biased, label, variant },
  });
  tape.end();
  if (biased !== residual) recorder.pool.release(biased);
  return y;
}
