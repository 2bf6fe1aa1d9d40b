/**
 * Every benchmark by its word on the command line. A new one is a line here.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { Bench } from "./bench.ts";
import { benchKernels } from "./kernels.ts";
import { benchPlan } from "./plan.ts";
import { benchSim } from "./sim.ts";
import { benchTrain } from "./train.ts";

/** The benchmarks; the first is what `bench` without a word runs. */
export const benches: Readonly<Record<string, Bench>> = {
  kernels: benchKernels,
  train: benchTrain,
  sim: benchSim,
  plan: benchPlan,
};

/** The benchmark of that word, or an error that names the nearest one and all of them. */
export function findBench(
  word: string,
  known: Readonly<Record<string, Bench>> = benches,
): Bench {
  if (!Object.hasOwn(known, word)) throw unknownName("benchmark", word, Object.keys(known));
  return known[word];
}
