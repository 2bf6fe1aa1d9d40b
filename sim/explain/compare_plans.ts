/**
 * Where two plans differ: in their fields, in the seconds of their steps and in the bytes of their
 * fullest stages.
 *
 * @module
 */
import type { StageMemory } from "../memory/stage_memory.ts";
import type { Plan } from "../plan/plan.ts";
import { type PlanPrice, pricePlan } from "../search/evaluate.ts";
import type { SearchSite } from "../search/problem.ts";
import { partsOf } from "./explain_plan.ts";
import { type FieldEffect, fieldEffects } from "./field_effects.ts";
import type { StepParts } from "./step_parts.ts";

/** Parts of the memory of a stage that add up to its peak. */
export type BytePart = keyof Omit<StageMemory, "allocatedBytes" | "peakBytes" | "moment">;

/** A part in both plans. */
export interface PartDifference<Part extends string> {
  /** Key of the part, such as "expertSeconds". */
  part: Part;
  /** In the first plan, in the unit of the key. */
  a: number;
  /** In the second. */
  b: number;
  /** `b - a`: below 0 where the second plan is better. */
  difference: number;
}

/** Two plans compared; see the module. */
export interface PlanComparison {
  /** The first plan. */
  a: PlanPrice;
  /** The second plan. */
  b: PlanPrice;
  /** Words in which they differ, each with what it does to the first plan alone. */
  fields: FieldEffect[];
  /** Seconds by part, the largest difference first; the differences add up to that of the steps. */
  seconds: PartDifference<keyof StepParts>[];
  /** Bytes by part of the fullest stages; the differences add up to that of the peaks. */
  bytes: PartDifference<BytePart>[];
  /** The parts of the step that decide, three at most: the largest differences. */
  decisive: PartDifference<keyof StepParts>[];
}

const byteParts: readonly BytePart[] = [
  ...["weightBytes", "gradientBytes", "optimizerBytes", "activationBytes"] as const,
  ...["logitBytes", "workingBytes", "communicationBytes", "libraryBytes"] as const,
  "reservedBytes",
];

function differencesOf<Part extends string>(
  parts: readonly Part[],
  a: Readonly<Record<Part, number>>,
  b: Readonly<Record<Part, number>>,
): PartDifference<Part>[] {
  return parts
    .map((part) => ({ part, a: a[part], b: b[part], difference: b[part] - a[part] }))
    .filter((each) => each.a !== 0 || each.b !== 0)
    .sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
}

/** Share of the difference of all parts below which one decides nothing. */
const decides = 0.02;

/** Differences that are named. */
const named = 3;

function decisiveOf<Part extends string>(all: readonly PartDifference<Part>[]) {
  const sum = all.reduce((total, { difference }) => total + Math.abs(difference), 0);
  return all.filter(({ difference }) => difference !== 0 && Math.abs(difference) >= decides * sum)
    .slice(0, named);
}

/**
 * Compares two plans.
 *
 * @throws {UserError} where one of them does not hold; `whyNot` says all that is wrong with it.
 *
 * @example
 * ```ts
 * import { comparePlans, completePlan, parsePlan, searchSite, type Sizes } from "@moelab/moelab/sim";
 * import { assertAlmostEquals, assertEquals } from "@std/assert";
 *
 * const sizes: Sizes = {
 *   ...{ name: "small", layers: 8, dModel: 1024, vocab: 32000, tied: false, mtpLayers: 0 },
 *   attention: { heads: 16, kvHeads: 16, qkDim: 64, vDim: 64 },
 *   ...{ ffnWidth: 4096, ffnMatrices: 3, learnedPositions: false },
 *   norms: { perLayer: 2, bias: false },
 * };
 * const workload = { sequence: 4096, routing: { kind: "balanced" }, causal: true } as const;
 * const site = searchSite({ sizes, cluster: "h100:16", workload, globalBatch: 64 });
 * const planOf = (words: string) => completePlan(parsePlan(words), site);
 * const { a, b, fields, seconds } = comparePlans(planOf("gb=64"), planOf("tp=2,gb=64"), site);
 * const sum = seconds.reduce((total, { difference }) => total + difference, 0);
 * assertAlmostEquals(sum / (b.stepSeconds - a.stepSeconds), 1, 1e-6);
 * assertEquals(fields.map(({ word }) => word), ["tp", "dp", "sp"]);
 * ```
 */
export function comparePlans(a: Plan, b: Plan, site: SearchSite): PlanComparison {
  const [first, second] = [a, b].map((plan) => pricePlan(plan, site));
  const [before, after] = [first, second].map((price) => partsOf(price, site).parts);
  const seconds = differencesOf(Object.keys(before) as (keyof StepParts)[], before, after);
  return {
    a: first,
    b: second,
    fields: fieldEffects(first.plan, second.plan, site),
    seconds,
    bytes: differencesOf(byteParts, first.memory, second.memory),
    decisive: decisiveOf(seconds),
  };
}
