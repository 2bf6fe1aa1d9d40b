/**
 * What a user names on the command line, read: model, cluster, plan, routing and stack.
 *
 * @module
 */
import { readCluster } from "../../sim/cluster/check.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { parseCluster } from "../../sim/cluster/parse.ts";
import { sizesOf } from "../../sim/cost/sizes_of.ts";
import { completePlan } from "../../sim/plan/complete_plan.ts";
import { type PlanInput, readPlan } from "../../sim/plan/plan_input.ts";
import { planPreset } from "../../sim/plan/plan_presets.ts";
import { parsePlan } from "../../sim/plan/plan_words.ts";
import type { Graphs } from "../../sim/stack/stack.ts";
import { readJsonFile } from "../read_json.ts";
import { checkPlacedPlan, readPlacement } from "../placement/read_placement.ts";
import { isPath, readModelOf } from "../read_model.ts";
import { readStackOf } from "./stacks.ts";
import { parseRouting, readRouting, type Simulation } from "./simulation.ts";

/** The words of a simulation. */
export interface SimulationWords {
  /** Preset or file of the model. */
  model: string;
  /** Cluster text or file. */
  cluster: string;
  /** Plan in words, a preset or a file. */
  plan: string;
  /** Tokens of a sequence. */
  sequence: number;
  /** Stack id or file. */
  stack: string;
  /** "balanced", "skew:EXPONENT" or a file. */
  routing: string;
  /** How experts are placed: a method or a file; in contiguous blocks unless given. */
  placement?: string;
  /** Redundant experts of a layer; none unless given. */
  redundant?: number;
  /** How kernels are issued. */
  graphs: Graphs;
  /** Modules that predict further tokens; as the model's description has them unless given. */
  mtp?: number;
  /** Seed of skewed routing. */
  seed: number;
}

async function readClusterOf(word: string): Promise<Cluster> {
  // A bandwidth such as "nic=400Gb/s" has a slash too: files end in ".json".
  return word.endsWith(".json") ? readCluster(await readJsonFile(word), word) : parseCluster(word);
}

/** The plan of a preset's id, of a file, or of words. */
export async function readPlanOf(word: string): Promise<PlanInput> {
  if (word.endsWith(".json")) return readPlan(await readJsonFile(word), word);
  if (word === "" || word.includes("=")) return parsePlan(word);
  return planPreset(word).plan;
}

/** The simulation that words name. */
export async function readSimulation(words: SimulationWords): Promise<Simulation> {
  const model = sizesOf(await readModelOf(words.model), { mtpLayers: words.mtp });
  const cluster = await readClusterOf(words.cluster);
  const { sequence, seed, graphs } = words;
  const routing = isPath(words.routing)
    ? readRouting(await readJsonFile(words.routing), words.routing, model)
    : parseRouting(words.routing, seed);
  const asked = { sequence, routing, causal: true };
  const placed = await readPlacement(words, { sizes: model, cluster, workload: asked });
  const { sizes, workload } = placed;
  const site = { devices: cluster.devices, sizes, workload };
  const plan = completePlan(await readPlanOf(words.plan), site);
  checkPlacedPlan(plan, placed);
  return { sizes, cluster, plan, workload, stack: await readStackOf(words.stack), graphs };
}
