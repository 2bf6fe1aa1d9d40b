/**
 * Whether uneven routing makes another plan win, by events: the closed form has all experts equally
 * wanted.
 *
 * @module
 */
import { confirmPlans } from "../search/confirm_plans.ts";
import type { PlanPrice } from "../search/evaluate.ts";
import type { SearchProblem } from "../search/problem.ts";

/** Steps of all plans under one routing. */
export interface SkewRow {
  /** Popularity of experts falls with rank^-exponent; 0 is even. */
  exponent: number;
  /** Seconds of a step by events, in the order of the plans. */
  stepSeconds: number[];
  /** The plan that is fastest, by its place. */
  fastest: number;
}

/** What uneven routing changes. */
export interface SkewRival {
  /** Steps by exponent, from even routing on. */
  rows: SkewRow[];
  /** The first exponent tried at which another plan wins than with even routing; none if none does. */
  exponent?: number;
  /** The plan that wins there. */
  rival?: PlanPrice;
}

/** How skew is looked at. */
export interface SkewOptions {
  /** Exponents beside 0, ascending; 0.2 to 1 unless given. */
  exponents?: readonly number[];
  /** Seed of who is popular; 1 unless given. */
  seed?: number;
  /** Plans that are run at most; 4 unless given. */
  plans?: number;
}

/**
 * Runs the best plans under more and more uneven routing, event by event. A step of some hundred
 * ranks takes the better part of a second, so that few plans are run.
 *
 * @example
 * ```ts
 * import { searchPlans, type Sizes, skewRival } from "@moelab/moelab/sim";
 * import { assert } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   moe: { experts: 8, topK: 2, width: 2048, sharedWidth: 0, firstDense: 0, every: 1 },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const fix = { cp: 1, ep: 8, precision: "bf16" } as const;
 * const problem = { sizes, cluster: "h100:8", workload, globalBatch: 16, fix };
 * const { best } = searchPlans(problem, { front: false });
 * const { rows } = skewRival(problem, best, { exponents: [1], plans: 2 });
 * assert(rows[1].stepSeconds[0] > rows[0].stepSeconds[0]);
 * ```
 */
export function skewRival(
  problem: SearchProblem,
  plans: readonly PlanPrice[],
  options: SkewOptions = {},
): SkewRival {
  const { exponents = [0.2, 0.4, 0.6, 0.8, 1], seed = 1, plans: count = 4 } = options;
  const run = plans.slice(0, count);
  const rows = [0, ...exponents].map((exponent): SkewRow => {
    const routing = exponent === 0
      ? { kind: "balanced" as const }
      : { kind: "skew" as const, exponent, seed };
    const workload = { ...problem.workload, routing };
    const confirmed = confirmPlans({ ...problem, workload }, run);
    const stepSeconds = new Array<number>(run.length);
    for (const { place, eventSeconds } of confirmed) stepSeconds[place] = eventSeconds;
    return { exponent, stepSeconds, fastest: confirmed[0]?.place ?? 0 };
  });
  const other = rows.find(({ fastest }) => fastest !== rows[0].fastest);
  return { rows, ...(other && { exponent: other.exponent, rival: run[other.fastest] }) };
}
