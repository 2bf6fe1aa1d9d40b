/**
 * The layers that the simulator's benchmarks predict: a preset's experts on H100s.
 *
 * @module
 */
import { modelPreset, moeLayerShape } from "../../core/spec/mod.ts";
import type { ExpertParallelInput } from "../../sim/mod.ts";
import { balancedCounts, deviceProfile, parseCluster, priceOp } from "../../sim/mod.ts";

/** A balanced layer of a preset's experts, bf16, priced by the published profile of an H100. */
export function layerInput(
  options: { model: string; ranks: number; tokensPerRank: number },
): ExpertParallelInput {
  const { ranks, tokensPerRank } = options;
  const layer = moeLayerShape(modelPreset(options.model));
  const { experts, topK } = layer;
  const profile = deviceProfile("h100");
  return {
    layer,
    counts_RE: balancedCounts({ ranks, tokensPerRank, experts, topK }),
    tokens_R: new Array<number>(ranks).fill(tokensPerRank),
    dtype: "bf16",
    cluster: parseCluster(`h100:${ranks}`),
    price: (op) => priceOp(op, profile),
  };
}
