/** Trainings that nobody made: figures whose means and counts are known. @module */
import { recipeById } from "../../../core/gates/recipes.ts";
import { probeModel } from "../../../experiments/training/probe_model.ts";
import type {
  FinishedRun,
  LayerFigures,
  RouterFigures,
  RouterRun,
} from "../../../experiments/training/router_run.ts";
import { groupSeeds, type SeedGroup } from "../../../experiments/training/seed_groups.ts";

/** Settings of a training. */
export const settings = {
  ...{ sequences: 2, length: 16, steps: 10, rate: 1e-3, heldOut: 2, domains: 2 },
};

const sizes = { layers: 1, dModel: 32, headDim: 16, vocab: 256 };

/** A run of a recipe. */
export function madeUpRun(recipe: string, own: Partial<RouterRun> = {}): RouterRun {
  return {
    id: `${recipe}/flops/next`,
    name: recipeById(recipe).name,
    recipe: recipeById(recipe),
    model: probeModel(sizes, { experts: 4, topK: 2, width: 32 }),
    objective: "next",
    seed: 1,
    training: settings,
    ...own,
  };
}

/** Balanced choices of two experts a token. */
export const evenLayer: LayerFigures = {
  wanted_E: [32, 32, 32, 32],
  kept_E: [32, 32, 32, 32],
  byTag_GE: [16, 16, 16, 16, 16, 16, 16, 16],
  entropy: Math.log(4),
  logSumExp2: 1,
};

/** Figures with given losses of held-out sequences. */
export function madeUpFigures(heldOut_S: number[], own: Partial<RouterFigures> = {}) {
  const figures: RouterFigures = {
    losses: [{ step: 1, loss: 5 }, { step: 10, loss: 2 }],
    heldOut_S,
    layers: [evenLayer],
    heldOutTokens: 64,
    stepSeconds: [0.01, 0.011, 0.012],
    bytes: { state: 1000, step: 500 },
    parameters: 1234,
    kernels: {},
    ...own,
  };
  return figures;
}

/** A finished run. */
export function madeUp(
  recipe: string,
  heldOut_S: number[],
  own: { run?: Partial<RouterRun>; figures?: Partial<RouterFigures> } = {},
): FinishedRun {
  return {
    run: madeUpRun(recipe, own.run),
    outcome: { figures: madeUpFigures(heldOut_S, own.figures) },
  };
}

/** A group of one seed. */
export function madeUpGroup(...args: Parameters<typeof madeUp>): SeedGroup {
  return groupSeeds([madeUp(...args)])[0];
}
