/**
 * A configuration that a user wants checked, read with what the command line says beside it.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { deviceProfile } from "../../sim/cluster/profiles.ts";
import type { LauncherName } from "../../sim/launch/types.ts";
import { readJsonFile, readTextFile } from "../read_json.ts";
import { isPath, readModelOf } from "../read_model.ts";
import { parseRouting, readRouting } from "../simulate/simulation.ts";
import { readStackOf } from "../simulate/stacks.ts";
import type { LaunchQuestion } from "./launch/mod.ts";
import { readMemoryLimit } from "./memory_limit.ts";
import { type PlanningWords, readClusterOf } from "./read_planning.ts";

/** The words of a check: what a configuration may say itself may be left out. */
export interface CheckWords
  extends
    Pick<PlanningWords, "limit" | "stack" | "graphs" | "routing" | "seed" | "mtp">,
    Partial<Pick<PlanningWords, "model" | "cluster" | "sequence" | "globalBatch">> {
  /** Whose configuration it is; told from its text unless given. */
  launcher?: LauncherName;
}

/**
 * The question that a configuration is checked for.
 *
 * @throws {UserError} for what cannot be read.
 */
export async function readCheck(path: string, words: CheckWords): Promise<LaunchQuestion> {
  const { cluster: clusterWord, model, routing, seed, limit } = words;
  if (clusterWord === undefined) {
    throw new UserError(`Cannot check ${path} without --cluster: wanted such as --cluster h100:64`);
  }
  const cluster = await readClusterOf(clusterWord);
  const counts = isPath(routing) ? await readJsonFile(routing) : undefined;
  const { launcher, mtp, sequence, globalBatch, graphs } = words;
  return {
    ...{ text: await readTextFile(path), source: path, cluster, graphs },
    stack: await readStackOf(words.stack),
    memoryLimit: readMemoryLimit(limit, deviceProfile(cluster.device).memoryBytes),
    routing: (sizes) =>
      counts === undefined ? parseRouting(routing, seed) : readRouting(counts, routing, sizes),
    ...(model !== undefined && { model: await readModelOf(model) }),
    ...(launcher !== undefined && { launcher }),
    ...(mtp !== undefined && { mtp }),
    ...(sequence !== undefined && { sequence }),
    ...(globalBatch !== undefined && { globalBatch }),
  };
}
