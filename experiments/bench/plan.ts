/**
 * How many plans a second can be judged: the layers of a few models at every degree of expert
 * parallelism that divides their experts, for one batch of 65,536 tokens.
 *
 * @module
 */
import { modelPreset, moeLayerShape } from "../../core/spec/mod.ts";
import { expertParallel } from "../../sim/mod.ts";
import { type BenchOptions, type BenchResult, type BenchRow, chosenParts } from "./bench.ts";
import { layerInput } from "./layer_input.ts";
import { sampleSeconds } from "./sample.ts";

const models = ["mixtral-8x7b", "qwen3-30b-a3b", "deepseek-v3"] as const;

const batchTokens = 65_536;

/** Degrees of expert parallelism up to `most`: powers of two that divide the experts. */
function degrees(experts: number, most: number): number[] {
  const powers = Array.from({ length: 1 + Math.floor(Math.log2(most)) }, (_, i) => 2 ** i);
  return powers.filter((degree) => experts % degree === 0);
}

/** Times the judgement of plans: inputs made, priced and simulated, as a search would. */
export function benchPlan(
  { quick, only, log, seconds, signal }: BenchOptions,
): Promise<BenchResult> {
  const options = { seconds, sampleSeconds: quick ? 0.005 : 0.1, samples: quick ? 7 : 21 };
  const rows = chosenParts(models.map((id) => ({ id })), only).map(({ id: model }): BenchRow => {
    signal.throwIfAborted();
    log(`Plans of ${model}`);
    const list = degrees(moeLayerShape(modelPreset(model)).experts, 64);
    const judge = () => {
      for (const ranks of list) {
        expertParallel(layerInput({ model, ranks, tokensPerRank: batchTokens / ranks }));
      }
    };
    return {
      id: `plan/${model}`,
      labels: { model, degrees: list.join(" ") },
      ...sampleSeconds(judge, options),
      items: { name: "plans", count: list.length },
      warnings: [],
    };
  });
  const notes = ["A plan is a degree of expert parallelism of one layer; on the CPU, one thread"];
  return Promise.resolve({ bench: "plan", notes, rows, contests: [], skipped: [] });
}
