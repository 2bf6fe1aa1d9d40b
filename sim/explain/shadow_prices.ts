/**
 * What a little more of something would buy: the best step when the plan may follow, not that of the
 * same plan alone.
 *
 * How an answer was found is part of it:
 *
 * - `searched`: the changed question was searched whole; there is no faster plan;
 * - `front`: less memory than was searched, read off the whole front, which is as exact;
 * - `climbed`: the plans that the search kept, priced anew, and climbs from the best of them, field by
 *   field; a faster plan may exist. So it is for inputs that no question names (FLOP/s, latencies, the
 *   host), where only kept plans are asked for, and where a search was stopped.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import { openSearch } from "../search/open_search.ts";
import { type PlanPrice, pricePlan } from "../search/evaluate.ts";
import { type SearchProblem, type SearchSite, searchSite } from "../search/problem.ts";
import { runSearch, type SearchRun } from "../search/run_search.ts";
import { beginSearch } from "../search/search_state.ts";
import { climbedBest, fastestFirst, foundOn, type KeptPlans, keptPlans } from "./kept_plans.ts";
import { fastestWithin } from "./memory_steps.ts";
import {
  betterFactor,
  changedProblem,
  changedSite,
  type SiteChange,
  type SiteInput,
} from "./site_changes.ts";

/** How an answer was found; see the module. */
export type ShadowMethod = "searched" | "front" | "climbed";

/** What a change buys. */
export interface ShadowPrice {
  /** The change. */
  change: SiteChange;
  /** Bytes that memory changes by; of memory alone. */
  addedBytes?: number;
  /** Seconds of the best step as things are. */
  nowSeconds: number;
  /** Seconds of the best step with the change; Infinity where nothing fits any more. */
  stepSeconds: number;
  /** Seconds of today's best plan with the change; Infinity where it does not fit any more. */
  samePlanSeconds: number;
  /** Seconds that the change saves. */
  savedSeconds: number;
  /** The best plan with the change, priced there; none where nothing fits. */
  price?: PlanPrice;
  /** Whether that is another plan than today's best. */
  replanned: boolean;
  /** How it was found. */
  method: ShadowMethod;
  /** Plans that the search had kept. */
  kept: number;
}

/** What is asked. */
export interface ShadowOptions extends Pick<SearchRun, "evaluations" | "stop"> {
  /** What the search of the question found, its whole front with it. */
  search: KeptPlans & { complete: boolean };
  /** Changes; by default one more GiB, and a tenth more of either bandwidth and of FLOP/s. */
  changes?: readonly SiteChange[];
  /** Bytes that memory gets more of, by default 2^30; below 0 for less. */
  addedBytes?: number;
  /** "search" looks again where a question can say the change; "kept" looks at kept plans alone. */
  effort?: "search" | "kept";
}

/** The usual changes. */
function usualChanges(site: SearchSite, addedBytes: number): SiteChange[] {
  const tenth = (input: SiteInput): SiteChange => ({ input, factor: betterFactor(input, 0.1) });
  return [
    { input: "memory", factor: 1 + addedBytes / site.limitBytes },
    ...(["node-bandwidth", "network-bandwidth", "flops"] as const).map(tenth),
  ];
}

/** What a question and its search come to. */
interface Asked {
  problem: SearchProblem;
  site: SearchSite;
  options: ShadowOptions;
  plans: readonly Plan[];
}

type Found = { plan?: Plan; method: ShadowMethod };

/** The fastest plan of the changed question. */
function searched(changed: SearchProblem, on: SearchSite, asked: Asked): Found {
  const { options: { evaluations, stop }, plans } = asked;
  const space = openSearch({ ...changed, objective: "time" });
  // Kept plans under the change are there to be beaten.
  const best = fastestFirst(plans, on).slice(0, 1);
  const state = runSearch(space, beginSearch(space), {
    ...{ top: 1, front: false, others: { best, front: [] } },
    ...{ ...(evaluations !== undefined && { evaluations }), ...(stop && { stop }) },
  });
  if (state.complete) return { plan: state.best[0]?.plan, method: "searched" };
  const known = [...plans, ...state.best.map(({ plan }) => plan)];
  return { plan: climbedBest(known, on)?.plan, method: "climbed" };
}

function bestWith(change: SiteChange, on: SearchSite, asked: Asked): Found {
  const { problem, options: { search, effort = "search" }, plans } = asked;
  const whole = search.complete && search.front.length > 0;
  if (change.input === "memory" && change.factor <= 1 && whole) {
    return { plan: fastestWithin(search.front, on.limitBytes)?.plan, method: "front" };
  }
  const changed = effort === "search" ? changedProblem(problem, change) : undefined;
  if (changed !== undefined) return searched(changed, on, asked);
  return { plan: climbedBest(plans, on)?.plan, method: "climbed" };
}

/** Shares by which steps differ that take equally long. */
const alike = 1e-9;

/**
 * What changes of a question would buy; see the module.
 *
 * @example Twice the bandwidth of the network, the plan free to follow
 * ```ts
 * import { searchPlans, shadowPrices, type Sizes } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 4096, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
 *   ...{ ffnWidth: 14336, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 16, topK: 2, width: 4096, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const problem = {
 *   ...{ sizes, cluster: "h100:16", workload, globalBatch: 32 },
 *   fix: { cp: 1, etp: 1, precision: "bf16", schedule: "1f1b", zero: 1 },
 *   choices: { recompute: ["none", "full"], tp: [1, 2], microBatch: [1, 2] },
 * } as const;
 * const search = searchPlans(problem);
 * const [price] = shadowPrices(problem, {
 *   search,
 *   changes: [{ input: "network-bandwidth", factor: 2 }],
 * });
 * assertEquals(price.method, "searched");
 * assert(price.replanned && price.stepSeconds < price.samePlanSeconds);
 * assert(price.savedSeconds > 0);
 * ```
 */
export function shadowPrices(problem: SearchProblem, options: ShadowOptions): ShadowPrice[] {
  const { search, addedBytes = 2 ** 30 } = options;
  const site = searchSite(problem);
  const plans = keptPlans(search);
  const [today] = fastestFirst(plans, site);
  if (today === undefined) return [];
  // Where the search was stopped, a climb may find a faster plan with nothing changed at all.
  const now = search.complete ? today : climbedBest(plans, site) ?? today;
  const asked: Asked = { problem, site, options, plans: [...plans, now.plan] };
  return (options.changes ?? usualChanges(site, addedBytes)).map((change): ShadowPrice => {
    const on = changedSite(site, change);
    const { plan, method } = bestWith(change, on, asked);
    const price = plan && pricePlan(plan, on);
    const same = foundOn(now.plan, on);
    const samePlanSeconds = same.peakBytes <= on.limitBytes ? same.stepSeconds : Infinity;
    const stepSeconds = price?.stepSeconds ?? Infinity;
    return {
      change,
      ...(change.input === "memory" && { addedBytes: on.limitBytes - site.limitBytes }),
      nowSeconds: now.stepSeconds,
      stepSeconds,
      samePlanSeconds,
      savedSeconds: now.stepSeconds - stepSeconds,
      ...(price && { price }),
      replanned: stepSeconds < samePlanSeconds * (1 - alike),
      method,
      kept: plans.length,
    };
  });
}
