import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { Workload } from "../../../sim/cost/workload.ts";

/** DeepSeek-V3, arXiv 2412.19437, section 4.2. */
export const deepseek: Sizes = {
  ...{ name: "deepseek-v3", layers: 61, dModel: 7168, vocab: 129_280, tied: false, mtpLayers: 1 },
  attention: {
    ...{ heads: 128, kvHeads: 128, qkDim: 192, vDim: 128 },
    latent: { qRank: 1536, kvRank: 512, ropeDim: 64 },
  },
  ...{ ffnWidth: 18_432, ffnMatrices: 3, learnedPositions: false },
  moe: { experts: 256, topK: 8, width: 2048, sharedWidth: 2048, firstDense: 3, every: 1 },
  norms: { perLayer: 2, bias: false },
};

/** A dense model of 32 layers, 32 heads and 8 key and value heads, as Llama-3 8B. */
export const dense: Sizes = {
  ...{ name: "dense", layers: 32, dModel: 4096, vocab: 128_256, tied: false, mtpLayers: 0 },
  attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
  ...{ ffnWidth: 14_336, ffnMatrices: 3, learnedPositions: false },
  norms: { perLayer: 2, bias: false },
};

export const workload: Workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true };
