/**
 * What a run of the cost study may be told.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { VariantSizes } from "./variants.ts";

/** Parameters with their values in a quick and in a full run. */
export const costParameters = {
  layers: { quick: 2, full: 4, note: "layers of trained models" },
  dModel: { quick: 192, full: 256, note: "their width; networks are twice as wide" },
  heads: { quick: 6, full: 8, note: "their attention heads, and those of an attention expert" },
  vocabulary: { quick: 1024, full: 2048, note: "tokens of the vocabulary" },
  sequences: { quick: 2, full: 4, note: "sequences of a batch" },
  length: { quick: 256, full: 256, note: "tokens of a sequence" },
  repeats: { quick: 4, full: 15, note: "rounds over profile and steps" },
  generatedLayers: { quick: 2, full: 6, note: "layers of models that generate" },
  generatedWidth: { quick: 256, full: 512, note: "their width, in 8 heads" },
  prompt: { quick: 128, full: 256, note: "tokens of the prompt; 256 in the work" },
  generated: { quick: 8, full: 16, note: "tokens after it; 16 in the work" },
  generations: { quick: 7, full: 15, note: "rounds of generation" },
  clusters: {
    quick: ["h100:32", "a100-pcie:32"],
    full: ["h100:32", "a100:32", "a100-pcie:32"],
    note: "clusters to simulate the work's own sizes on",
  },
  sequence: { quick: 2048, full: 2048, note: "tokens of a sequence there; the work tells none" },
  microBatch: { quick: 4, full: 4, note: "sequences of a micro-batch there" },
  expertRanks: { quick: 4, full: 4, note: "ranks that experts are split over there" },
} as const;

/** Values of the parameters. */
export type CostValues =
  & {
    -readonly [K in Exclude<keyof typeof costParameters, "clusters">]: number;
  }
  & { clusters: readonly string[] };

/** Heads of models that generate, as many as the work's small ones have. */
const HEADS = 8;

/** Sizes of the models that are trained, and of those that generate. */
export function costSizes(values: CostValues): { trained: VariantSizes; generated: VariantSizes } {
  const { layers, dModel, heads, vocabulary, generatedLayers, generatedWidth } = values;
  return {
    trained: { layers, dModel, heads, width: 2 * dModel, vocab: vocabulary },
    generated: {
      ...{ layers: generatedLayers, dModel: generatedWidth, heads: HEADS },
      ...{ width: 2 * generatedWidth, vocab: vocabulary },
    },
  };
}

/** @throws {UserError} for a number that is none, or heads that no kernel runs. */
export function checkCostValues(values: CostValues): void {
  const { clusters, ...numbers } = values;
  for (const [name, value] of Object.entries(numbers)) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new UserError(`Cannot run bam-cost with ${name}=${value}: wanted a whole number from 1`);
  }
  if (clusters.length === 0) {
    throw new UserError(
      "Cannot run bam-cost with no clusters: wanted one or more, such as h100:32",
    );
  }
  for (const { dModel, heads } of Object.values(costSizes(values))) {
    if (dModel % heads === 0 && (dModel / heads) % 8 === 0) continue;
    throw new UserError(
      `Cannot run bam-cost with models of width ${dModel} in ${heads} heads: wanted heads of a ` +
        `multiple of 8, such as ${
          heads * Math.max(8, Math.round(dModel / heads / 8) * 8)
        } in ${heads}`,
    );
  }
}
