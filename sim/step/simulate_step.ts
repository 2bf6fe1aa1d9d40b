/**
 * A whole training step on a whole cluster, simulated event by event.
 *
 * The costs of every layer come from `sim/cost`; here they become tasks on the streams of ranks, and
 * what overlaps follows from what waits for what: gradients of a layer are reduced as soon as its last
 * micro-batch has given them, parameters of the next layer come while this one runs, tokens travel
 * beside shared experts or beside another micro-batch, and exchanges that use a port at the same time
 * share it. Ranks that do the same are simulated once (`build/stage_ranks.ts`).
 *
 * Vocabulary. *Stage*: the ranks of a part of the pipeline. *Class*: ranks of a stage that do the same.
 * *Item*: kernels between two waits. *StepExchange*: a collective or a message, on a stream of its own.
 *
 * What is left out: exchanges between tensor and context ranks share their ports with nobody, and an
 * exchange ends for a rank when its own port is done.
 *
 * @module
 */
import { stageChunks } from "../plan/stage_layers.ts";
import { type CostedStep, stepCosts } from "../cost/step_costs.ts";
import { type GraphResult, runGraph } from "../engine/run_graph.ts";
import type { PipelineProgram } from "../pipeline/program.ts";
import { schedule } from "../pipeline/schedule.ts";
import { expertLoads, type RankLoad } from "./tasks/expert_loads.ts";
import type { ItemSite } from "./tasks/layer_items.ts";
import { pipelineCosts } from "../cost/closed_form.ts";
import type { StepInput } from "../cost/step_costs.ts";
import { type Mixtures, mixturesOf, stageLayers } from "./tasks/stage_layers.ts";
import { type StageRanks, stageRanks } from "./tasks/stage_ranks.ts";
import type { StageRows } from "./tasks/stage_tasks.ts";
import { createStepGraph, type StepGraph } from "./tasks/step_graph.ts";
import { addStep } from "./tasks/step_tasks.ts";
import { type Breakdown, meanBreakdown } from "./breakdown.ts";
import { type StepFigures, stepFigures } from "./step_figures.ts";

/** How a step is simulated. */
export interface StepOptions {
  /** Whether exchanges that use a port at the same time share it; true unless given. */
  contention?: boolean;
  /** Whether ranks that do the same are simulated once, or each; "classes" unless given. */
  fold?: "classes" | "none";
  /**
   * Order of schedules that split the backward pass: as for passes that take equally long, or the
   * quickest of several for the passes at hand; "published" unless given.
   */
  order?: "published" | "fitted";
  /** Share of its speed at which each rank computes, such as `computeFactor` gives; 1 unless given. */
  speedOf?: (rank: number) => number;
}

/** A simulated step; `spans`, `memory` and the like are cut out of it when somebody asks. */
export interface SimulatedStep extends StepFigures {
  /** Seconds of the step. */
  stepSeconds: number;
  /** Where the time of a rank goes, on average; sums to the step. */
  breakdown: Breakdown;
  /** What was simulated. */
  input: StepInput;
  /** What its parts cost. */
  costed: CostedStep;
  /** Its layers with experts. */
  mixtures: Mixtures;
  /** Rows of experts by layer and expert rank, where they are uneven. */
  loads?: readonly (readonly RankLoad[])[];
  /** Ranks of a stage, in classes. */
  ranks: StageRanks;
  /** What every stage does. */
  programs: readonly PipelineProgram[];
  /** Tasks. */
  graph: StepGraph;
  /** Their times. */
  times: GraphResult;
  /** Which tasks are whose. */
  rows: readonly StageRows[];
}

function sitesOf(
  input: StepInput,
  of: { costed: CostedStep; ranks: StageRanks; speedOf: (rank: number) => number },
): ItemSite[] {
  const { costed, ranks, speedOf } = of;
  const known = new Map<string, ItemSite>();
  return costed.stages.map((_, stage) => {
    const speeds = Float64Array.from(
      ranks.first,
      (place) => speedOf(stage * ranks.size + place),
    );
    const key = speeds.join();
    let site = known.get(key);
    if (site === undefined) {
      known.set(key, site = { ...input, costed, speeds, known: new Map() });
    }
    return site;
  });
}

/** What a rank does, in words that are equal for ranks that do the same. */
function workOf(
  input: StepInput,
  of: { loads?: RankLoad[][]; speedOf: (rank: number) => number },
): (place: number) => string {
  const { plan: { tp, cp, dp, pp, ep, etp } } = input;
  const byExpertRank = Array.from(
    { length: ep },
    (_, rank) => of.loads?.map((load_R) => [load_R[rank].rows, load_R[rank].largest]).join() ?? "",
  );
  const known = new Map<string, number>();
  const loadOf = byExpertRank.map((text) => {
    if (!known.has(text)) known.set(text, known.size);
    return known.get(text)!;
  });
  const size = tp * cp * dp;
  return (place) => {
    const speeds = Array.from({ length: pp }, (_, stage) => of.speedOf(stage * size + place));
    return `${loadOf[Math.floor(place / etp) % ep]}/${speeds.join()}`;
  };
}

/**
 * Simulates a step; the plan is complete and holds (see `completePlan`).
 *
 * @throws {UserError} where the schedule cannot have so many micro-batches, or a trace of routing does
 * not fit the model.
 *
 * @example
 * ```ts
 * import {
 *   baseStack, completePlan, machineOf, parsePlan, simulateStep, type Sizes,
 * } from "@moelab/moelab/sim";
 * import { assert, assertAlmostEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 2048, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const plan = completePlan(parsePlan("pp=2,ep=8"), { devices: 16, sizes, workload });
 * const machine = machineOf("h100:16", "bf16").machine(baseStack);
 * const { stepSeconds, breakdown } = simulateStep({ sizes, plan, workload, machine });
 * const parts = Object.values(breakdown).reduce((sum, seconds) => sum + seconds, 0);
 * assertAlmostEquals(parts, stepSeconds, 1e-9);
 * assert(breakdown.bubble > 0 && breakdown.experts > 0);
 * ```
 */
export function simulateStep(input: StepInput, options: StepOptions = {}): SimulatedStep {
  const { contention = true, fold = "classes", order = "published", speedOf = () => 1 } = options;
  const { plan } = input;
  const costed = stepCosts(input);
  const mixtures = mixturesOf(costed.stages, input);
  const loads = expertLoads({ ...input, split: costed.split }, mixtures);
  const ranks = stageRanks(plan, {
    work: workOf(input, { loads, speedOf }),
    fold: fold === "classes",
  });
  const programs = schedule(plan.schedule, {
    stages: plan.pp,
    microBatches: costed.microBatches,
    chunks: stageChunks(plan),
    ...(order === "fitted" && { costs: pipelineCosts(costed, plan, input.machine) }),
  });
  const layers = stageLayers(input, costed, { ranks, mixtures, loads });
  const graph = createStepGraph(ranks, { stages: plan.pp, contention });
  const rows = addStep(graph, {
    sites: sitesOf(input, { costed, ranks, speedOf }),
    layers,
    programs,
  });
  const times = runGraph(graph.graph);
  const simulated = { input, costed, mixtures, loads, ranks, programs, graph, times, rows };
  const stepSeconds = times.makespan;
  return {
    ...simulated,
    stepSeconds,
    breakdown: meanBreakdown(simulated),
    ...stepFigures({ input, costed, stepSeconds }),
  };
}
