/**
 * Sets of modules that are computed again, as bits, and which of the sets that are tried they are.
 *
 * @module
 */
import { type Plan, type RecomputeModule, recomputeModules } from "../plan/plan.ts";

/** Everything is computed again; more than the bits of all modules. */
export const fullBits = 2 ** recomputeModules.length;

/** The bit of a module. */
export function bitOf(module: RecomputeModule): number {
  return 1 << recomputeModules.indexOf(module);
}

/** A set as bits; `fullBits` for everything. */
export function bitsOf(recompute: Plan["recompute"]): number {
  if (recompute === "none") return 0;
  if (recompute === "full") return fullBits;
  return recompute.reduce((bits, module) => bits | bitOf(module), 0);
}
