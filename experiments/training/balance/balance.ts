/**
 * What undoes a collapse: one gate that begins by sending all tokens to its first experts, under each
 * loss and controller that keeps experts busy, and under none.
 *
 * @module
 */
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import { loadSpread } from "../../../core/train/measures.ts";
import type { Row } from "../../../reports/result.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { floorNote } from "../router_words.ts";
import { runRouters } from "../run_routers.ts";
import { routerTable } from "../router_table.ts";
import { groupSeeds, overLayers, type SeedGroup } from "../seed_groups.ts";
import { sizedRuns } from "../sized_runs.ts";
import { trainedChecks } from "../trained_checks.ts";
import { balancedRecipe, type Balancer, balancers } from "./balancers.ts";
import { balanceDecision, balanceNotes, balanceVerdict } from "./balance_words.ts";

/** Losses and controllers against collapse. */
export const balanceExperiment = defineExperiment({
  id: "balance",
  title: "Losses and controllers against collapse",
  question:
    "Which loss or controller brings a router that begins collapsed back to using its experts, and at what perplexity?",
  parameters: {
    ...arenaParameters,
    start: { quick: 2, full: 2, note: "experts that all tokens go to at first" },
    bias: { quick: 2, full: 2, note: "how much higher the logits of these experts begin" },
  },
  run: runBalance,
});

/** Balancers by the id of their run. */
const byRecipe = new Map<string, Balancer>(
  balancers.map((balancer) => [balancedRecipe(balancer).id, balancer]),
);

/** How unevenly the layers of a group began. */
export function startOf({ figures }: SeedGroup) {
  const begun = figures.map((one) => ({ ...one, layers: one.start ?? [] }));
  return overLayers({ figures: begun }, ({ wanted_E }) => loadSpread(wanted_E).maxOverMean);
}

function warningsOf({ id, score }: GateRecipe): string[] {
  const { unverified } = byRecipe.get(id)!;
  return [
    ...score.kind === "linear"
      ? []
      : [`its ${score.kind} scores have no bias: it begins as it falls`],
    ...unverified === undefined ? [] : [`defaults of this suite: ${unverified}`],
  ];
}

async function runBalance(
  context: Context<ArenaValues & { start: number; bias: number }>,
): Promise<Outcome> {
  const { seed, parameters: { start, bias, ...values } } = context;
  const arena = await readArena(values);
  const seeds = seedsFrom(seed, values.seeds);
  const runs = balancers.flatMap((balancer) =>
    sizedRuns(arena, balancedRecipe(balancer), { equal: "flops", objective: "next", seeds })
      .map((one) => "outcome" in one ? one : { ...one, collapsed: { experts: start, bias } })
  );
  const { finished, circumstances, forget } = await runRouters(runs, context);
  const groups = groupSeeds(finished);
  const { info, rows } = await routerTable(groups, {
    id: "balancers",
    title: "Balancers, from a collapsed router",
    note: `All begin with logits of ${start} experts higher by ${bias}. ` +
      "Busiest over mean is 1 where loads are equal and the number of experts where one has all; " +
      "before the first step it was what the start column says.",
    labels: ({ run }) => ({
      balancer: run.name,
      section: run.recipe!.section,
      arxiv: run.recipe!.arxiv ?? "–",
    }),
    warnings: ({ run }) => warningsOf(run.recipe!),
  });
  const starts = new Map(groups.map((group) => [group.run.name, startOf(group)]));
  const withStart = (row: Row): Row => {
    const startBusiestOverMean = starts.get(`${row.labels.balancer}`);
    return startBusiestOverMean
      ? { ...row, metrics: { ...row.metrics, startBusiestOverMean } }
      : row;
  };
  const columns = info.columns!.flatMap((key) =>
    key === "busiestOverMean" ? ["startBusiestOverMean", key] : [key]
  );
  return {
    written: forget,
    verdict: balanceVerdict(groups),
    decision: balanceDecision(groups),
    notes: [...balanceNotes(arena, seeds.length), ...floorNote(groups)],
    tables: [{ ...info, columns }],
    rows: rows.map(withStart),
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
