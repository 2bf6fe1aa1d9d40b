/**
 * What "model FLOP" means, which differs from publisher to publisher by up to 77 %.
 *
 * All count a product of an m x k and a k x n matrix as 2mkn, and three products for each of a
 * forward and backward pass. They differ in what attention sees, in whether the input table counts,
 * and in whether recomputation does:
 *
 * - `causal`: active matrices with the output layer, half of the scores (Megatron-Bridge, MCore).
 * - `full`: the same with all scores (NeMo 24.07, Megatron-LM up to 2024, MoE Parallel Folding).
 * - `recomputed`: `full` and one more forward pass of the layers (arXiv 2104.04473, equation 3).
 * - `six-n-full`: 6 FLOP for every parameter, input table included, and all scores (PaLM, arXiv
 *   2204.02311, appendix B; llm-foundry, Aleph Alpha).
 * - `six-n-scores`: the same with the scores five times over (Aleph Alpha's "Megatron" column).
 * - `matrices`: no scores, for sequences packed from short ones (NeMo's fine-tuning tables).
 * - `frozen`: `matrices` without gradients of the weights (low-rank adaptation).
 *
 * @module
 */
import type { AttentionSizes, Sizes } from "../../sim/cost/sizes.ts";

/** A way to count; see the module. */
export type FlopConvention =
  | "causal"
  | "full"
  | "recomputed"
  | "six-n-full"
  | "six-n-scores"
  | "matrices"
  | "frozen";

/** Parameters of the products of one attention. */
function attentionMatrices(a: AttentionSizes, dModel: number): number {
  if (a.latent) {
    const { qRank, kvRank, ropeDim } = a.latent;
    const query = qRank === 0 ? dModel * a.heads * a.qkDim : qRank * (dModel + a.heads * a.qkDim);
    const keyValue = dModel * (kvRank + ropeDim) + kvRank * a.heads * (a.qkDim - ropeDim + a.vDim);
    return query + keyValue + a.heads * a.vDim * dModel;
  }
  return dModel * (a.heads * (a.qkDim + a.vDim) + a.kvHeads * (a.qkDim + a.vDim));
}

/** Parameters of the feed-forward products that a token meets; no publisher counts the router. */
function feedForwardMatrices(sizes: Sizes, kind: "dense" | "moe"): number {
  const { dModel, ffnMatrices, moe } = sizes;
  if (kind === "dense" || !moe) return ffnMatrices * dModel * sizes.ffnWidth;
  return dModel * ffnMatrices * (moe.topK * moe.width + moe.sharedWidth);
}

/** Layers that have experts. */
export function expertLayers(sizes: Sizes): number {
  return sizes.moe ? Math.floor((sizes.layers - sizes.moe.firstDense) / sizes.moe.every) : 0;
}

/** Scores of a query summed over layers: keys that it meets on average, all or the causal ones. */
function keysOverLayers(sizes: Sizes, options: { sequence: number; causal: boolean }): number {
  const { sequence, causal } = options;
  const { window } = sizes.attention;
  const whole = causal ? sequence / 2 : sequence;
  const layers = sizes.layers + sizes.mtpLayers;
  if (!window || !causal || window.size >= sequence) return layers * whole;
  const windowed = window.size * (1 - window.size / (2 * sequence));
  const full = window.every > 1 ? layers / window.every : 0;
  return full * whole + (layers - full) * windowed;
}

/**
 * Model FLOP of a token in a step, by a convention.
 *
 * @example
 * ```ts
 * import { modelFlopsPerToken } from "@moelab/moelab/experiments";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const llama70b = {
 *   name: "Llama 3 70B",
 *   layers: 80,
 *   dModel: 8192,
 *   vocab: 128256,
 *   tied: false,
 *   attention: { heads: 64, kvHeads: 8, qkDim: 128, vDim: 128 },
 *   ffnWidth: 28672,
 *   ffnMatrices: 3 as const,
 *   mtpLayers: 0,
 *   learnedPositions: false,
 *   norms: { perLayer: 2, bias: false },
 * };
 * const flops = (c: "causal" | "full") => modelFlopsPerToken(llama70b, 8192, { convention: c });
 * assertAlmostEquals(flops("causal") / 1e9, 449.2, 0.1);
 * assertAlmostEquals(flops("full") / 1e9, 481.4, 0.1);
 * ```
 */
export function modelFlopsPerToken(
  sizes: Sizes,
  sequence: number,
  options: { convention: FlopConvention },
): number {
  const { convention } = options;
  const { dModel, layers, mtpLayers, attention: a } = sizes;
  const sparse = expertLayers(sizes) + (sizes.moe ? mtpLayers : 0);
  const dense = layers + mtpLayers - sparse;
  const inLayers = (layers + mtpLayers) * attentionMatrices(a, dModel) +
    sparse * feedForwardMatrices(sizes, "moe") + dense * feedForwardMatrices(sizes, "dense") +
    mtpLayers * 2 * dModel * dModel;
  const table = sizes.vocab * dModel;
  const keys = keysOverLayers(sizes, { sequence, causal: convention === "causal" });
  const scores = 2 * a.heads * (a.qkDim + a.vDim) * keys;
  switch (convention) {
    case "recomputed":
      return 8 * inLayers + 4 * scores + 6 * table;
    case "six-n-full":
    case "six-n-scores": {
      const positions = sizes.learnedPositions ? sequence * dModel : 0;
      const passes = convention === "six-n-full" ? 3 : 15;
      return 6 * (inLayers + (sizes.tied ? 1 : 2) * table + positions) + passes * scores;
    }
    case "matrices":
      return 6 * (inLayers + table);
    case "frozen":
      return 4 * (inLayers + table);
    default:
      return 6 * (inLayers + (1 + mtpLayers) * table) + 3 * scores;
  }
}
