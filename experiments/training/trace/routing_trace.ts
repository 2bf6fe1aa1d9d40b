/**
 * From a router that was trained here to the step of a cluster: the choices of held-out tokens are
 * written as a trace, and a cluster is simulated under it and under balanced routing.
 *
 * @module
 */
import { join } from "node:path";
import { recipeById } from "../../../core/gates/recipes.ts";
import { stableJson, writeTextFile } from "../../../kernels/base/files.ts";
import { type Context, defineExperiment, type Outcome } from "../../define.ts";
import { arenaParameters, type ArenaValues, readArena, seedsFrom } from "../arena.ts";
import { routerTable } from "../router_table.ts";
import { runRouters } from "../run_routers.ts";
import { groupSeeds } from "../seed_groups.ts";
import { sizedRuns } from "../sized_runs.ts";
import { trainedChecks } from "../trained_checks.ts";
import { type SimulatedTrace, simulateTrace, tracedTable } from "./simulate_trace.ts";
import { traceOf } from "./trace.ts";
import { traceDecision, traceNotes, traceVerdict } from "./trace_words.ts";

/** Routers trained here, on clusters simulated under what they chose. */
export const routingTraceExperiment = defineExperiment({
  id: "routing-trace",
  title: "From trained routers to a cluster",
  question:
    "How much longer is a step of a cluster under the loads of routers that were trained here than under equal loads?",
  parameters: {
    ...arenaParameters,
    recipes: {
      quick: ["mixtral", "noisy-top-k", "loss-free", "smoe-dropout"],
      full: ["mixtral", "noisy-top-k", "loss-free", "smoe-dropout", "deepseek-v3", "v-moe"],
      note: "ids of recipes",
    },
    model: { quick: "mixtral-8x7b", full: "mixtral-8x7b", note: "model that is simulated" },
    cluster: { quick: "h100:64", full: "h100:64", note: "cluster that is simulated" },
    plan: { quick: "ep=8,tp=2,zero=1", full: "ep=8,tp=2,zero=1", note: "its plan" },
  },
  run: runTrace,
});

/** What the simulator is told beside the arena. */
interface TraceValues {
  recipes: readonly string[];
  model: string;
  cluster: string;
  plan: string;
}

async function runTrace(
  context: Context<ArenaValues & { [K in keyof TraceValues]: TraceValues[K] }>,
): Promise<Outcome> {
  const { seed, parameters, out } = context;
  const { recipes, model, cluster, plan, ...values } = parameters;
  const arena = await readArena(values);
  const seeds = seedsFrom(seed, values.seeds);
  const known = recipes.map((id) => recipeById(id));
  const runs = known.flatMap((recipe) =>
    sizedRuns(arena, recipe, { equal: "flops", objective: "next", seeds })
  );
  const { finished, circumstances, forget } = await runRouters(runs, context);
  const groups = groupSeeds(finished);
  const simulated: SimulatedTrace[] = [];
  for (const group of groups) {
    context.signal.throwIfAborted();
    const trace = traceOf(group);
    if (!trace) continue;
    const path = join(out, "traces", `${trace.recipe}.json`);
    await writeTextFile(path, stableJson(trace));
    context.log(`Trace   ${path}`);
    simulated.push(
      await simulateTrace({ name: group.run.name, path, trace }, {
        ...{ model, cluster, plan },
      }),
    );
  }
  const trained = await routerTable(groups, {
    id: "routers",
    title: "The routers, as they were trained here",
    note: "Loads are those of held-out tokens.",
    labels: ({ run: { name, recipe } }) => ({ router: name, recipe: recipe!.id }),
  });
  const clusters = await tracedTable(simulated, { model, cluster, plan });
  return {
    written: forget,
    verdict: traceVerdict(simulated, { model, cluster, plan }),
    decision: traceDecision(simulated),
    notes: traceNotes(arena, { seeds: seeds.length, model, cluster, plan, simulated }),
    tables: [clusters.info, trained.info],
    rows: [...clusters.rows, ...trained.rows],
    ...{ samples: {}, pairs: [], pairSummaries: [], timelines: [] },
    checks: trainedChecks(finished),
    circumstances,
  };
}
