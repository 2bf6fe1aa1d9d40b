/**
 * The plan that takes least memory, for those whom nothing fits.
 *
 * @module
 */
import { type PlanPrice, pricePlan } from "./evaluate.ts";
import { openSearch } from "./open_search.ts";
import type { SearchProblem } from "./problem.ts";
import { runSearch, type SearchRun } from "./run_search.ts";
import { beginSearch } from "./search_state.ts";

/** No device has so much. */
const anyBytes = 2 ** 60;

/** Plans that take so much less at most are not looked for: many differ in what costs no memory. */
const bestSlack = 1e-4;

/** The plan that takes least memory. */
export interface SmallestPlan extends PlanPrice {
  /** Whether no plan takes less by more than a ten-thousandth; else it is the smallest that was found. */
  exact: boolean;
}

/**
 * The plan that takes least memory, whatever it may take; undefined where all break a rule.
 *
 * @param options When to stop; then the smallest plan that was found.
 * @throws {UserError} for a problem that cannot be.
 *
 * @example By how much a model is too big
 * ```ts
 * import { type Sizes, smallestPlan } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "70b", layers: 80, dModel: 8192, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 64, kvHeads: 8, qkDim: 128, vDim: 128 },
 *   ...{ ffnWidth: 28672, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const smallest = smallestPlan({ sizes, cluster: "h100:8", workload, globalBatch: 8 });
 * assert(smallest?.exact && smallest.peakBytes > 80e9);
 * ```
 */
export function smallestPlan(
  problem: SearchProblem,
  options: Pick<SearchRun, "stop" | "evaluations"> = {},
): SmallestPlan | undefined {
  const space = openSearch({ ...problem, memoryLimit: anyBytes, objective: "memory" });
  const { stop, evaluations } = options;
  const run = { top: 1, front: false, bestSlack, stop, evaluations };
  const { best: [found], complete } = runSearch(space, beginSearch(space), run);
  return found && { ...pricePlan(found.plan, space.site), exact: complete };
}
