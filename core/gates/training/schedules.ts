/**
 * Numbers of a gate that change over a training run. Pure in the step, so that a resumed run goes on
 * as the unbroken one.
 *
 * @module
 */

/** Where a number begins, where it ends, and in how many steps it gets there. */
export interface Ramp {
  /** At step 0. */
  from: number;
  /** From step `steps` on. */
  to: number;
  /** How long the way is. */
  steps: number;
}

const way = (step: number, steps: number) => Math.min(1, Math.max(0, step / Math.max(1, steps)));

/**
 * A temperature that falls by the same factor in each step: EvoMoE, arXiv 2112.14397, whose gate is
 * dense while hot and keeps few experts above its threshold once cold (survey, section 4.4.1). The
 * shape of the way is a choice of this suite.
 *
 * @example
 * ```ts
 * import { annealed } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const ramp = { from: 4, to: 0.25, steps: 100 };
 * assertAlmostEquals(annealed(50, ramp), 1);
 * assertAlmostEquals(annealed(1000, ramp), 0.25);
 * ```
 */
export function annealed(step: number, { from, to, steps }: Ramp): number {
  if (!(from > 0 && to > 0)) {
    throw new RangeError(`A temperature was annealed from ${from} to ${to}; both must be above 0`);
  }
  return from * (to / from) ** way(step, steps);
}

/**
 * The temperature of sampled top-1 routing: exp(-rate step), not below `least`; Branch-Train-MiX,
 * arXiv 2403.07816, section 3, with rate 1e-4 and least 0.5.
 */
export function gumbelTemperature(
  step: number,
  { rate = 1e-4, least = 0.5 }: { rate?: number; least?: number } = {},
): number {
  return Math.max(least, Math.exp(-rate * step));
}

/**
 * A number of experts a token that grows evenly: SMoE-Dropout, arXiv 2303.01610 (survey, section
 * 4.4.1). Whole at every step.
 */
export function grownCount(step: number, { from, to, steps }: Ramp): number {
  return Math.round(from + (to - from) * way(step, steps));
}
