/**
 * What a user asks the planner on the command line, read.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { readCluster } from "../../sim/cluster/check.ts";
import type { Cluster } from "../../sim/cluster/cluster.ts";
import { parseCluster } from "../../sim/cluster/parse.ts";
import { deviceProfiles } from "../../sim/cluster/profiles.ts";
import { sizesOf } from "../../sim/cost/sizes_of.ts";
import type { PlanInput } from "../../sim/plan/plan_input.ts";
import type { SearchObjective } from "../../sim/search/problem.ts";
import { placePlanning } from "../placement/place_planning.ts";
import { readJsonFile } from "../read_json.ts";
import { isPath, readModelOf } from "../read_model.ts";
import { readPlanOf, type SimulationWords } from "../simulate/inputs.ts";
import { parseRouting, readRouting } from "../simulate/simulation.ts";
import { readStackOf } from "../simulate/stacks.ts";
import { readMemoryLimit } from "./memory_limit.ts";
import type { Planning } from "./planning.ts";

/** The words of a question. */
export interface PlanningWords extends Omit<SimulationWords, "plan"> {
  /** Sequences of a step. */
  globalBatch: number;
  /** Part of a plan that is held: words, a preset or a file. */
  fix: string;
  /** Memory that plans may take, such as "memory=90%". */
  limit: string;
  /** What is best. */
  objective: SearchObjective;
}

/**
 * The cluster of a text or of a file, with devices whose memory is known.
 *
 * @throws {UserError} for what cannot be read.
 */
export async function readClusterOf(word: string): Promise<Cluster> {
  const cluster = word.endsWith(".json")
    ? readCluster(await readJsonFile(word), word)
    : parseCluster(word);
  if (Object.hasOwn(deviceProfiles, cluster.device)) return cluster;
  throw new UserError(
    `Cannot plan for cluster ${cluster.id}: found no memory figure of its device ` +
      `"${cluster.device}", wanted one of ${Object.keys(deviceProfiles).join(", ")}`,
  );
}

/** The held part of a plan, without a batch that says the same again. */
async function readFix(words: PlanningWords): Promise<PlanInput> {
  const { globalBatch = words.globalBatch, ...fix } = await readPlanOf(words.fix);
  if (globalBatch === words.globalBatch) return fix;
  throw new UserError(
    `Cannot hold gb=${globalBatch} beside a batch of ${words.globalBatch}: wanted the same ` +
      `number, or no gb in --fix`,
  );
}

/**
 * The question that words ask.
 *
 * @throws {UserError} for what cannot be read.
 */
export async function readPlanning(words: PlanningWords): Promise<Planning> {
  const model = await readModelOf(words.model);
  const sizes = sizesOf(model, { mtpLayers: words.mtp });
  const cluster = await readClusterOf(words.cluster);
  const { sequence, seed, graphs, globalBatch, objective } = words;
  const routing = isPath(words.routing)
    ? readRouting(await readJsonFile(words.routing), words.routing, sizes)
    : parseRouting(words.routing, seed);
  const planning: Planning = {
    ...{ model, sizes, cluster, graphs, globalBatch, objective },
    workload: { sequence, routing, causal: true },
    stack: await readStackOf(words.stack),
    fix: await readFix(words),
    memoryLimit: readMemoryLimit(words.limit, deviceProfiles[cluster.device].memoryBytes),
  };
  return await placePlanning(planning, words);
}
