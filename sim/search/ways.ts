/**
 * Ways to compute again that bounds tell apart before they look at single sets of modules: without the
 * feed-forward part that holds most, which is fast and holds much; with it; or everything, which is slow
 * and holds little.
 *
 * @module
 */
import type { Sizes } from "../cost/sizes.ts";
import type { Plan, RecomputeModule } from "../plan/plan.ts";
import { type IncumbentRules, type Incumbents, mostSeconds } from "./incumbents.ts";

/** The ways; figures by way are in this order. */
export const ways = ["lightly", "heavily", "wholly"] as const;

/** The module that the first way does without and the second one has. */
export const heavyModule = ({ moe }: Sizes): RecomputeModule => moe ? "experts" : "ffn";

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

/** The places of sets, by way. */
export function setsByWay(sets: readonly Plan["recompute"][], sizes: Sizes): number[][] {
  const places: number[][] = ways.map(() => []);
  sets.forEach((set, s) => places[wayOf(set, sizes)].push(s));
  return places;
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
