/**
 * What room for experts costs: one gate under capacity factors and orders of dropping, and without a
 * limit.
 *
 * @module
 */
import type { DropOrder } from "../../../core/arrays/arrays.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { differenceTable, routerTable } from "../router_table.ts";
import { floorNote } from "../router_words.ts";
import { runRouters } from "../run_routers.ts";
import { groupSeeds } from "../seed_groups.ts";
import { sizedRuns } from "../sized_runs.ts";
import { trainedChecks } from "../trained_checks.ts";
import { capacityDecision, capacityNotes, capacityVerdict } from "./capacity_words.ts";

const orders: readonly DropOrder[] = ["sequence", "priority", "random"];

/** A gate with a balance loss, so that drops are not those of a collapse. */
export function droppingRecipe(base: GateRecipe, cap?: { factor: number; order: DropOrder }) {
  const { cap: _, ...rest } = base;
  const recipe: GateRecipe = {
    ...rest,
    id: cap ? `capacity-${cap.factor}-${cap.order}` : "dropless",
    name: cap ? `${cap.factor}, by ${cap.order}` : "dropless",
    balance: [{ kind: "balance", weight: 0.01 }],
    ...(cap && { cap: { kind: "factor", ...cap } }),
  };
  return recipe;
}

/** Capacity factor by order of dropping. */
export const capacityExperiment = defineExperiment({
  id: "capacity",
  title: "Capacity and the order of dropping",
  question: "What do a capacity factor and the order of dropping cost in held-out perplexity?",
  parameters: {
    ...arenaParameters,
    factors: {
      quick: [0.5, 1, 1.5],
      full: [0.5, 0.75, 1, 1.25, 1.5, 2],
      note: "capacity factors",
    },
    orders: {
      quick: ["sequence", "priority", "random"],
      full: ["sequence", "priority", "random"],
      note: "orders of dropping",
    },
  },
  run: runCapacity,
});

function readOrder(word: string): DropOrder {
  const order = orders.find((one) => one === word);
  if (order) return order;
  throw new UserError(`Cannot drop by "${word}": wanted one of ${orders.join(", ")}`);
}

async function runCapacity(
  context: Context<
    ArenaValues & { factors: readonly number[]; orders: readonly string[] }
  >,
): Promise<Outcome> {
  const { seed, parameters: { factors, orders, ...values } } = context;
  const arena = await readArena(values);
  const seeds = seedsFrom(seed, values.seeds);
  const caps = factors.flatMap((factor) =>
    orders.map((word) => ({ factor, order: readOrder(word) }))
  );
  const recipes = [undefined, ...caps].map((cap) => droppingRecipe(arena.control, cap));
  const runs = recipes.flatMap((recipe) =>
    sizedRuns(arena, recipe, { equal: "flops", objective: "next", seeds })
  );
  const { finished, circumstances, forget } = await runRouters(runs, context);
  const groups = groupSeeds(finished);
  const dropless = groups[0];
  const tables = [
    await routerTable(groups, {
      id: "capacities",
      title: "Capacity factors and orders",
      note: "An expert has room for the factor times its even share of the batch's choices, in " +
        "training and evaluation. Dropped is the share of the choices of held-out tokens that " +
        "found no room.",
      labels: ({ run: { recipe } }) => ({
        capacity: recipe!.name,
        factor: recipe!.cap?.kind === "factor" ? recipe!.cap.factor : "none",
        order: recipe!.cap?.kind === "factor" ? recipe!.cap.order : "–",
      }),
    }),
    ...(dropless.figures.length > 0
      ? [
        await differenceTable(groups, {
          id: "capacities-difference",
          title: "Held-out loss against dropless",
          note: "Loss less that of the dropless gate, nats a token, on equal seeds and equal " +
            "sequences: right of 0 is what dropping costs.",
          control: dropless,
        }),
      ]
      : []),
  ];
  return {
    written: forget,
    verdict: capacityVerdict(groups),
    decision: capacityDecision(groups),
    notes: [...capacityNotes(arena, seeds.length), ...floorNote(groups)],
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
