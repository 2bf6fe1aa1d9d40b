/**
 * Ways to compute again that bounds tell apart before they look at single sets of modules: without the
 * feed-forward part that holds most, which is fast and holds much; with it; or everything, which is slow
 * and holds little.
 *
 * @module
 */
import type { Sizes } from "../cost/sizes.ts";
import { type Plan, type RecomputeModule, recomputeModules } from "../plan/plan.ts";
import { type IncumbentRules, type Incumbents, mostSeconds } from "./incumbents.ts";

/** The ways; figures by way are in this order. */
export const ways = ["lightly", "heavily", "wholly"] as const;

/** The module that the first way does without and the second one has. */
export const heavyModule = ({ moe }: Sizes): RecomputeModule => moe ? "experts" : "ffn";

/** The sets that keep least, by way. */
export const smallestSets = (sizes: Sizes): Plan["recompute"][] => [
  recomputeModules.filter((module) => module !== heavyModule(sizes)),
  recomputeModules,
  "full",
];

function wayOf(recompute: Plan["recompute"], sizes: Sizes): number {
  if (recompute === "full") return 2;
  return recompute !== "none" && recompute.includes(heavyModule(sizes)) ? 1 : 0;
}

/** A figure for each way; Infinity where no set that is tried is of that way. */
export type ByWay = readonly number[];

/** Bytes and seconds that plans take at least. */
export interface LeastByWay {
  /** Bytes of a device. */
  bytes: ByWay;
  /** Seconds of a step. */
  seconds: ByWay;
}

/** The least of a figure over sets, by way. */
export function leastByWay(
  sets: readonly Plan["recompute"][],
  sizes: Sizes,
  figure: (set: number) => number,
): number[] {
  const least = ways.map(() => Infinity);
  sets.forEach((set, s) => {
    const way = wayOf(set, sizes);
    least[way] = Math.min(least[way], figure(s));
  });
  return least;
}

/** Whether plans that take so much at least may be kept, in any of the ways. */
export function hasHope(
  known: Incumbents,
  { bytes, seconds }: LeastByWay,
  { rules, limitBytes }: { rules: IncumbentRules; limitBytes: number },
): boolean {
  for (let way = 0; way < ways.length; way++) {
    if (bytes[way] <= limitBytes && seconds[way] <= mostSeconds(known, bytes[way], rules)) {
      return true;
    }
  }
  return false;
}
