/**
 * The best plans of a model on a cluster.
 *
 * A plan has some twenty fields, and a model on a cluster 10^13 to 10^16 plans. They are searched
 * exactly: what the search gives is what pricing all of them would give.
 *
 * *Levels.* Degrees of both sides of the world first, then micro-batches, cuts into stages, formats
 * and dispatchers, what hides tokens, what is computed again, what is sharded. A rule of plans is
 * checked as soon as the fields that it reads are chosen (`rules_by_field.ts`).
 *
 * *Decisions.* Some fields never trade anything: a choice of theirs is at least as fast and as small
 * in every plan, and the others are not looked at (`leaf_options.ts`).
 *
 * *Bounds.* At every level there is a time that no plan below can be faster than, and bytes that none
 * can be smaller than. What does not fit falls; what can neither be among the best nor on the front of
 * time and memory falls. Bounds of time are the work of the slowest stage with the way of a micro-batch
 * to it and back (`time_bound.ts` says why none is faster), those of memory what stages hold at their
 * worst moments (`memory_bound.ts`). They are sums over layers, whose prices plans share. As what is
 * computed again trades the one for the other, each level has both for three ways to do so (`ways.ts`).
 *
 * *Prices.* What is left is priced by `closedForm` and `stageMemory`, as one plan would be.
 *
 * *Costs.* The best plans alone are a matter of seconds, on thousands of devices as well; the whole front,
 * which goes through all sizes of memory, takes many times as long. `frontSlack` is between: each plan has
 * one on the front that is no worse than that share in both time and memory. A search is deterministic and
 * reads no clock: how many plans it priced a second follows from `counts.evaluated`.
 *
 * *Counts.* Every plan of the space is counted where it fell, and the counts add up to the space.
 *
 * @module
 */
import type { SearchCounts } from "./counts.ts";
import { type PlanPrice, pricePlan } from "./evaluate.ts";
import type { FoundPlan } from "./incumbents.ts";
import type { SearchProblem } from "./problem.ts";
import { runSearch, type SearchRun } from "./run_search.ts";
import { openSearch, type SearchSpace } from "./open_search.ts";
import { beginSearch, type SearchState } from "./search_state.ts";
import { type SmallestPlan, smallestPlan } from "./smallest_plan.ts";

/** How a search is run. */
export interface SearchOptions extends SearchRun {
  /** Where an earlier search stopped. */
  state?: SearchState;
}

/** What a search found. */
export interface SearchResult {
  /** The best plans that fit, in order. */
  best: PlanPrice[];
  /**
   * Plans that fit and that no other beats in both time and memory, fastest first. Cost and energy
   * follow the time, as every plan uses all devices.
   */
  front: PlanPrice[];
  /** Where no plan fits, the one that takes least memory; undefined where all break a rule. */
  smallest?: SmallestPlan;
  /** What became of every plan. */
  counts: SearchCounts;
  /** Whether the whole space was searched, so that the best is the best there is. */
  complete: boolean;
  /** Where the search is; it can go on from here. */
  state: SearchState;
}

/** A state as a result, with its plans priced in parts. */
export function searchResult(space: SearchSpace, state: SearchState): SearchResult {
  const priced = ({ plan }: FoundPlan) => pricePlan(plan, space.site);
  const none = state.complete && state.best.length === 0;
  const smallest = none ? smallestPlan(space.site.problem) : undefined;
  return {
    best: state.best.map(priced),
    front: state.front.map(priced),
    ...(smallest && { smallest }),
    counts: state.counts,
    complete: state.complete,
    state,
  };
}

/**
 * Finds the best plans; see the module.
 *
 * @throws {UserError} for a problem that cannot be.
 *
 * @example The best plans of a small mixture on one node, in half of its memory
 * ```ts
 * import { searchPlans, type Sizes } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 2048, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const { best, front, counts, complete } = searchPlans({
 *   sizes,
 *   cluster: "h100:8",
 *   workload: { sequence: 4096, routing: { kind: "balanced" }, causal: true },
 *   globalBatch: 32,
 *   fix: { cp: 1, precision: "bf16" },
 *   memoryLimit: 0.5,
 * }, { top: 3, frontSlack: 0.02 });
 * assertEquals([best.length, complete], [3, true]);
 * assert(best.every(({ peakBytes }) => peakBytes <= 43e9));
 * assert(front.length > 1 && front[0].stepSeconds === best[0].stepSeconds);
 * assert(BigInt(counts.enumerated) > 100n * BigInt(counts.evaluated));
 * ```
 */
export function searchPlans(problem: SearchProblem, options: SearchOptions = {}): SearchResult {
  const space = openSearch(problem);
  const state = options.state ?? beginSearch(space);
  return searchResult(space, runSearch(space, state, options));
}
