/**
 * Every router of the survey on equal terms: same model around it, same text, same seeds, and either
 * as many FLOP a token or as many parameters.
 *
 * Routers that never look at later tokens train as decoders. The others (expert choice, soft slots,
 * merged experts) see the whole sequence: they train as encoders on masked tokens, beside the same
 * control, in tables of their own, and are never ranked with decoders.
 *
 * @module
 */
import { gateRecipes, recipeById } from "../../../core/gates/recipes.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import type { Objective } from "../../../core/train/data/corpus.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { floorNote } from "../router_words.ts";
import { runRouters } from "../run_routers.ts";
import { groupSeeds } from "../seed_groups.ts";
import { type Arena, denseRuns, type SizedRun, sizedRuns } from "../sized_runs.ts";
import type { Equal } from "../sizing/layer_size.ts";
import { trainedChecks } from "../trained_checks.ts";
import { setsOf, tellSets } from "./gate_sets.ts";
import { gateNotes, gatesDecision, gatesVerdict } from "./gates_words.ts";

/** Sparse routers that train as encoders too, so that others can be held against them. */
export const encoderControls = ["mixtral", "switch"] as const;

/** Recipes that a contest runs. */
export function recipesFor(
  objective: Objective,
  recipes: readonly GateRecipe[] = gateRecipes,
): GateRecipe[] {
  if (objective === "next") return recipes.filter(({ causal }) => causal);
  return [...encoderControls.map((id) => recipeById(id)), ...recipes.filter((r) => !r.causal)];
}

const equals: readonly Equal[] = ["flops", "parameters"];

/** What "recipes" and "equal" were set to, read. */
function chosen(values: { equal: readonly string[]; recipes: readonly string[] }) {
  for (const word of values.equal) {
    if (equals.some((known) => known === word)) continue;
    throw new UserError(`Cannot make models equal in "${word}": wanted ${equals.join(" or ")}`);
  }
  const all = values.recipes.length === 1 && values.recipes[0] === "all";
  return {
    equal: equals.filter((one) => values.equal.includes(one)),
    recipes: all ? gateRecipes : values.recipes.map((id) => recipeById(id)),
  };
}

/** All runs of the experiment. */
export function gateRuns(
  arena: Arena,
  options: { equal: readonly Equal[]; recipes: readonly GateRecipe[]; seeds: readonly number[] },
): SizedRun[] {
  const { equal, recipes, seeds } = options;
  const objectives: Objective[] = ["next", "masked"];
  return objectives.flatMap((objective) => {
    const own = recipesFor(objective, recipes);
    const control = own.some(({ id }) => id === arena.control.id) ? [] : [arena.control];
    if (own.length === (objective === "masked" ? encoderControls.length : 0)) return [];
    return [
      ...denseRuns(arena, { objective, seeds }),
      ...equal.flatMap((equal) =>
        [...control, ...own].flatMap((recipe) =>
          sizedRuns(arena, recipe, { equal, objective, seeds })
        )
      ),
    ];
  });
}

/** Routers against each other. */
export const gatesExperiment = defineExperiment({
  id: "gates",
  title: "Routers on equal terms",
  question:
    "Which router gives the lowest held-out perplexity at equal FLOP a token and at equal parameters, and how does it use its experts?",
  parameters: {
    ...arenaParameters,
    equal: {
      quick: ["flops"],
      full: ["flops", "parameters"],
      note: "what models are equal in: flops, parameters",
    },
    recipes: { quick: ["all"], full: ["all"], note: 'ids of recipes, or "all"' },
  },
  run: runGates,
});

async function runGates(
  context: Context<ArenaValues & { equal: readonly string[]; recipes: readonly string[] }>,
): Promise<Outcome> {
  const { parameters, seed } = context;
  const { equal, recipes, ...values } = parameters;
  const arena = await readArena(values);
  const seeds = seedsFrom(seed, values.seeds);
  const runs = gateRuns(arena, { ...chosen({ equal, recipes }), seeds });
  const { finished, circumstances, forget } = await runRouters(runs, context);
  const groups = groupSeeds(finished);
  const sets = setsOf(groups, arena.control);
  const told = await tellSets(sets);
  return {
    written: forget,
    verdict: gatesVerdict(sets),
    decision: gatesDecision(sets),
    notes: [...gateNotes(arena, seeds.length), ...floorNote(groups)],
    tables: told.map(({ info }) => info),
    rows: told.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
