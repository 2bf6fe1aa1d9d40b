/**
 * Which layers have experts (survey, arXiv 2407.06204, section 4.2.2).
 *
 * @module
 */
import { placementIn, placementRecipes } from "../../core/experts/placements.ts";
import { defineExperiment } from "../define.ts";
import { arenaParameters, readArena, seedsFrom } from "../training/arena.ts";
import type { Arena } from "../training/sized_runs.ts";
import { type Contender, runContest } from "./contest.ts";
import { type ContestMeasure, fitModel, readMeasure } from "./contest_model.ts";

/** A contender for each placement; the first has experts in every layer. */
export function placementContenders(arena: Arena, equal: ContestMeasure): Contender[] {
  const { sizes, experts, width, training: { length: sequence } } = arena;
  const control = { form: { experts, topK: 2 }, width };
  return placementRecipes.map((recipe) => {
    const placement = placementIn(recipe, { layers: sizes.layers, experts });
    const form = { experts, topK: 2, placement };
    return {
      id: `placement-${recipe.id}`,
      name: recipe.name,
      ...fitModel(sizes, form, { control, equal, sequence }),
    };
  });
}

/** Placements at equal FLOP or parameters. */
export const expertPlacementExperiment = defineExperiment({
  id: "expert-placement",
  title: "Which layers have experts",
  question: "At equal FLOP a token, which layers should have experts?",
  parameters: {
    ...arenaParameters,
    layers: { quick: 6, full: 6, note: "layers of the model" },
    steps: { quick: 40, full: 600, note: "steps of each training" },
    equal: { quick: "flops", full: "flops", note: '"flops" or "parameters"' },
  },
  async run(context) {
    const { seed, parameters: { equal: word, ...values } } = context;
    const arena = await readArena(values);
    const equal = readMeasure(word);
    return await runContest(context, {
      contenders: placementContenders(arena, equal),
      ...{ arena, equal, seeds: seedsFrom(seed, values.seeds), what: "placements" },
      notes: [
        "Layers without experts have a dense network as wide as the two experts that a token uses " +
        "elsewhere, so that FLOP differ by routers alone; parameters differ, and are in the table.",
        ...placementRecipes.map(({ name, idea, unverified }) =>
          `${name}: ${idea}${unverified ? ` A choice of this suite: ${unverified.place}.` : ""}`
        ),
      ],
    });
  },
});
