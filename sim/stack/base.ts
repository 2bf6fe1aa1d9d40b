/**
 * The stack that is assumed where nothing is known: the start of every calibration.
 *
 * @module
 */
import type { Stack } from "./stack.ts";

/**
 * A stack of typical figures. Kernels of a layer are those of Megatron Core's transformer layer with
 * fused norms and activations; a norm, a residual and a rotation read and write about a dozen times
 * [tokens, dModel] (norm 2 x 3, residual 2 x 3, both halves); a router's softmax, top-k and masks pass
 * over its scores about six times; a loss reads FP32
 * logits twice and writes them twice. Reserved memory is 1.05 of what is allocated in the published
 * steps that print both, and 1.6 GB is a device context with the buffers of a communication library.
 */
export const baseStack: Stack = {
  schema: 1,
  id: "base",
  description: "A framework with flash attention and fused norms, nothing known of it",
  sources: ["Counts of kernels and passes: what the operators read and write at the least."],
  hostSeconds: 8e-6,
  graphFactor: { partial: 0.5, full: 0.1 },
  gapSeconds: 1.3e-6,
  kernels: { layer: 22, moe: 40, expert: 3 },
  elementwisePasses: 12,
  normPasses: 0,
  activationPasses: 1,
  permuteFactor: 1,
  routerPasses: 6,
  lossPasses: 4,
  scorePasses: 0,
  castPasses: 1,
  attentionFactor: 1,
  productFactor: 1,
  groupedFactor: 1,
  bandwidthFactor: { tensor: 1, data: 1, experts: 1 },
  hiddenShare: { tensor: 0.5, gradients: 0.7, parameters: 0.7, experts: 0.5 },
  fixedSeconds: 5e-3,
  reservedBytes: 1.6e9,
  allocatorFactor: 1.05,
};
