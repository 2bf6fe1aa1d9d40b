/**
 * Many small experts or few large ones: the same FLOP and parameters, cut finer and finer.
 *
 * @module
 */
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { differenceTable, routerTable } from "../router_table.ts";
import { floorNote } from "../router_words.ts";
import { runRouters } from "../run_routers.ts";
import { groupSeeds } from "../seed_groups.ts";
import { type Arena, type SizedRun, sizedRuns } from "../sized_runs.ts";
import { trainedChecks } from "../trained_checks.ts";
import { granularityDecision, granularityNotes, granularityVerdict } from "./granularity_words.ts";

/** Experts a token for each expert of the coarsest cut. */
const SPARSITY = 4;

/** The control's gate, choosing `k` experts. */
export function cutRecipe(control: GateRecipe, k: number): GateRecipe {
  return {
    ...control,
    id: `top-${k}`,
    name: `${k} of ${SPARSITY * k}`,
    select: { kind: "top-k", k },
    balance: [{ kind: "balance", weight: 0.01 }],
  };
}

/** The runs of each cut. */
export function granularityRuns(
  arena: Arena,
  { cuts, seeds }: { cuts: readonly number[]; seeds: readonly number[] },
): SizedRun[] {
  for (const k of cuts) {
    if (Number.isSafeInteger(k) && k >= 1) continue;
    throw new UserError(`Cannot cut experts into ${k}: wanted whole numbers from 1`);
  }
  return cuts.flatMap((k) =>
    sizedRuns(arena, cutRecipe(arena.control, k), {
      ...{ equal: "flops", objective: "next", seeds, experts: SPARSITY * k },
    })
  );
}

/** Experts against their size. */
export const granularityExperiment = defineExperiment({
  id: "granularity",
  title: "Granularity of experts",
  question:
    "At equal FLOP a token and equal sparsity, do many small experts give a lower perplexity than few large ones?",
  parameters: {
    ...arenaParameters,
    cuts: {
      quick: [1, 2, 4, 8],
      full: [1, 2, 4, 8, 16],
      note: "experts a token, a quarter of all",
    },
  },
  run: runGranularity,
});

async function runGranularity(
  context: Context<ArenaValues & { cuts: readonly number[] }>,
): Promise<Outcome> {
  const { seed, parameters: { cuts, ...values } } = context;
  const arena = await readArena(values);
  const seeds = seedsFrom(seed, values.seeds);
  const runs = granularityRuns(arena, { cuts, seeds });
  const { finished, circumstances, forget } = await runRouters(runs, context);
  const groups = groupSeeds(finished);
  const coarsest = groups[0];
  const tables = [
    await routerTable(groups, {
      id: "cuts",
      title: "Experts, cut finer and finer",
      note: "All use a quarter of their experts for a token.",
      labels: ({ run: { name, model } }) => ({
        cut: name,
        experts: model.moe!.experts,
        expertWidth: model.moe!.width,
      }),
    }),
    ...(coarsest && coarsest.figures.length > 0
      ? [
        await differenceTable(groups, {
          id: "cuts-difference",
          title: `Held-out loss against ${coarsest.run.name}`,
          note: "Loss less that of the first cut, nats a token, on equal seeds and equal " +
            "sequences: left of 0 is better.",
          control: coarsest,
        }),
      ]
      : []),
  ];
  return {
    written: forget,
    verdict: granularityVerdict(groups),
    decision: granularityDecision(groups),
    notes: [...granularityNotes(arena, seeds.length), ...floorNote(groups)],
    tables: tables.map(({ info }) => info),
    rows: tables.flatMap(({ rows }) => rows),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
