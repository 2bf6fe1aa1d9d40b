/** Models, plans and machines that the tests of the costs share. @module */
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { Workload } from "../../../sim/cost/workload.ts";
import type { Plan } from "../../../sim/plan/plan.ts";

/** Llama-3 70B. */
export const llama70b: Sizes = {
  name: "llama-3-70b",
  layers: 80,
  dModel: 8192,
  vocab: 128256,
  tied: false,
  attention: { heads: 64, kvHeads: 8, qkDim: 128, vDim: 128 },
  ffnWidth: 28672,
  ffnMatrices: 3,
  mtpLayers: 0,
  learnedPositions: false,
  norms: { perLayer: 2, bias: false },
};

/** DeepSeek-V3 with its module that predicts a second token. */
export const deepseekV3: Sizes = {
  name: "deepseek-v3",
  layers: 61,
  dModel: 7168,
  vocab: 129280,
  tied: false,
  attention: {
    heads: 128,
    kvHeads: 128,
    qkDim: 192,
    vDim: 128,
    latent: { qRank: 1536, kvRank: 512, ropeDim: 64 },
  },
  ffnWidth: 18432,
  ffnMatrices: 3,
  moe: { experts: 256, topK: 8, width: 2048, sharedWidth: 2048, firstDense: 3, every: 1 },
  mtpLayers: 1,
  learnedPositions: false,
  norms: { perLayer: 2, bias: false },
};

/** Sequences of 4096 tokens, routed evenly. */
export const workload: Workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true };

/** A plan on one device, with changes. */
export function planWith(changes: Partial<Plan> = {}): Plan {
  return {
    tp: 1,
    cp: 1,
    dp: 1,
    pp: 1,
    vpp: 1,
    ep: 1,
    etp: 1,
    sequenceParallel: false,
    contextExchange: "p2p",
    zero: 1,
    schedule: "1f1b",
    microBatch: 1,
    globalBatch: 8,
    recompute: "none",
    offload: { optimizer: 0, activationLayers: 0 },
    precision: "bf16",
    formats: {},
    dispatcher: "all-to-all",
    overlap: {
      gradients: false,
      parameters: false,
      tensor: false,
      pipeline: false,
      experts: "none",
    },
    ...changes,
  };
}
