/** Questions that explanations are tested on. @module */
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { SearchProblem } from "../../../sim/search/problem.ts";

/** A dense model. */
export const large: Sizes = {
  ...{ name: "large", layers: 16, dModel: 4096, vocab: 32000, tied: false, mtpLayers: 0 },
  attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
  ...{ ffnWidth: 14336, ffnMatrices: 3, learnedPositions: false },
  norms: { perLayer: 2, bias: false },
};

/** A mixture. */
export const experts: Sizes = {
  ...{ ...large, name: "experts" },
  moe: { experts: 16, topK: 2, width: 4096, sharedWidth: 0, firstDense: 0, every: 1 },
};

/** A question about a model on a cluster, its products in 16 bits. */
export function questionOf(
  sizes: Sizes,
  cluster: string,
  rest: Partial<SearchProblem> = {},
): SearchProblem {
  const { fix, ...others } = rest;
  return {
    ...{ sizes, cluster, globalBatch: 128 },
    workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
    ...others,
    fix: { precision: "bf16", ...fix },
  };
}

/** A question with few plans. */
export const few: SearchProblem = questionOf(experts, "h100:16", {
  globalBatch: 64,
  fix: { ...{ cp: 1, etp: 1, sequenceParallel: true, contextExchange: "p2p" } },
  choices: {
    ...{ tp: [1, 2, 4], pp: [1, 2, 4], vpp: [1, 2], ep: [1, 4, 8, 16], microBatch: [1, 2] },
    ...{ schedule: ["1f1b", "interleaved"], recompute: ["none", ["norm"], "full"], zero: [0, 1] },
    ...{ dispatch: [undefined], dispatcher: ["all-to-all"], experts: ["none"] },
    ...{ gradients: [true], parameters: [true], tensor: [true], pipeline: [false] },
  },
});
