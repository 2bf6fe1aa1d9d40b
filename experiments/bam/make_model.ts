/**
 * The model of a row before its training: of nothing, of the seed, or of the seed and its branches.
 *
 * @module
 */
import type { GateRecipe } from "../../core/gates/recipe.ts";
import { recipeById } from "../../core/gates/recipes.ts";
import { branchTrainMix } from "../../core/train/schemes/branch_train_mix.ts";
import { newWeights, type WeightedModel } from "../../core/train/schemes/model_weights.ts";
import type { SchemeModel } from "../../core/train/schemes/recipe.ts";
import { schemeById } from "../../core/train/schemes/table.ts";
import type { Model } from "../../core/spec/model.ts";
import type { StudyMake } from "./rows.ts";

/** The gate of all mixtures, for BTX and BAM alike, with more experts a token where a row has them. */
function gateOf(topK: number): GateRecipe {
  const gate = recipeById("bam-ffn");
  return topK === 1 ? gate : { ...gate, select: { kind: "top-k", k: topK } };
}

/** Makes it of what it is made of: the seed first, then its branches. */
export function makeModel(
  make: StudyMake,
  parents: readonly WeightedModel[],
  options: { dense: Model; seed: number },
): SchemeModel {
  const { dense, seed } = options;
  switch (make.kind) {
    case "seed":
      return newWeights(dense, { seed });
    case "branch":
    case "continued":
      return parents[0];
    case "btx": {
      const { copies, topK } = make;
      const recipe = gateOf(topK);
      const extra = Array.from({ length: copies }, () => parents[0]);
      return { ...branchTrainMix(parents, { topK, seed, recipe, extra }), recipe };
    }
    case "bam":
      return schemeById(make.scheme).apply(parents, { seed });
  }
}
