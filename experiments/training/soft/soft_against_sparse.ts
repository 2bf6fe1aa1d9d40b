/**
 * Soft and merged routers beside sparse ones, all as encoders: the only place where they meet on equal
 * terms, since soft ones cannot serve a decoder.
 *
 * @module
 */
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import type { SelectSpec } from "../../../core/gates/select/specs.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { setsOf, tellSets } from "../gates/gate_sets.ts";
import { gateNotes, gatesDecision, gatesVerdict } from "../gates/gates_words.ts";
import { runRouters } from "../run_routers.ts";
import { groupSeeds } from "../seed_groups.ts";
import { type Arena, denseRuns, type SizedRun, sizedRuns } from "../sized_runs.ts";
import { trainedChecks } from "../trained_checks.ts";

/** Choices that move mixtures of tokens or merge experts. */
const soft: readonly SelectSpec["kind"][] = ["slots", "merge", "across"];

/** Sparse routers to hold them against: token choice, expert choice and a fixed choice. */
export const sparseControls = ["mixtral", "switch", "expert-choice", "hash"] as const;

/** What is compared: sparse controls first. */
export function comparedRecipes(recipes: readonly GateRecipe[] = gateRecipes): GateRecipe[] {
  return [
    ...sparseControls.map((id) => recipeById(id)),
    ...recipes.filter(({ select }) => soft.includes(select.kind)),
  ];
}

/** All runs. */
export function softRuns(arena: Arena, seeds: readonly number[]): SizedRun[] {
  const objective = "masked";
  return [
    ...denseRuns(arena, { objective, seeds }),
    ...(["flops", "parameters"] as const).flatMap((equal) =>
      comparedRecipes().flatMap((recipe) => sizedRuns(arena, recipe, { equal, objective, seeds }))
    ),
  ];
}

/** Soft and merged against sparse. */
export const softExperiment = defineExperiment({
  id: "soft-against-sparse",
  title: "Soft and merged routers beside sparse ones",
  question:
    "As encoders, do soft and merged routers give a lower perplexity than sparse ones at equal FLOP a token, and at equal parameters?",
  parameters: arenaParameters,
  run: runSoft,
});

async function runSoft(context: Context<ArenaValues>): Promise<Outcome> {
  const { seed, parameters } = context;
  const arena = await readArena(parameters);
  const seeds = seedsFrom(seed, parameters.seeds);
  const { finished, circumstances, forget } = await runRouters(softRuns(arena, seeds), context);
  const sets = setsOf(groupSeeds(finished), arena.control);
  const told = await tellSets(sets);
  return {
    written: forget,
    verdict: gatesVerdict(sets),
    decision: gatesDecision(sets),
    notes: gateNotes(arena, seeds.length),
    tables: told.map(({ info }) => info),
    rows: told.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
