/**
 * Learning rates: a warm-up from 0, then constant or down a cosine (Loshchilov and Hutter, arXiv
 * 1608.03983, without restarts).
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";

/** How the learning rate runs. */
export interface RateSchedule {
  /** The highest rate. */
  peak: number;
  /** Steps from 0 to the peak; 0 where absent. */
  warmup?: number;
  /** What becomes of the rate after the warm-up; "cosine" where absent. */
  shape?: "cosine" | "constant";
  /** The last rate as a share of the peak; 0.1 where absent. */
  floor?: number;
}

/** What {@linkcode rateAt} takes where nothing is said. */
export const rateDefaults = { warmup: 0, shape: "cosine", floor: 0.1 } as const;

/**
 * The learning rate of a step, counted from 0, of `steps` in all. The first step of a warm-up has a
 * rate above 0; the last step of all has the floor's.
 *
 * @throws {UserError} where the schedule does not fit the steps.
 *
 * @example
 * ```ts
 * import { rateAt } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const schedule = { peak: 1e-3, warmup: 10 };
 * assertAlmostEquals(rateAt(schedule, { step: 4, steps: 101 }), 5e-4);
 * assertAlmostEquals(rateAt(schedule, { step: 10, steps: 101 }), 1e-3);
 * assertAlmostEquals(rateAt(schedule, { step: 100, steps: 101 }), 1e-4);
 * ```
 */
export function rateAt(schedule: RateSchedule, at: { step: number; steps: number }): number {
  const { peak, warmup, shape, floor } = { ...rateDefaults, ...schedule };
  const { step, steps } = at;
  if (!(peak > 0 && Number.isFinite(peak) && floor >= 0 && floor <= 1)) {
    throw new UserError(
      `Cannot schedule learning rates: found a peak of ${peak} and a floor of ${floor}, ` +
        "wanted a peak above 0 and a floor from 0 to 1",
    );
  }
  if (!(Number.isInteger(warmup) && warmup >= 0 && warmup < steps)) {
    throw new UserError(
      `Cannot schedule learning rates: found a warm-up of ${warmup} in ${steps} steps, ` +
        `wanted 0 to ${steps - 1}`,
    );
  }
  if (step < warmup) return peak * (step + 1) / warmup;
  if (shape === "constant") return peak;
  const left = Math.max(1, steps - 1 - warmup);
  const turn = Math.PI * Math.min(1, (step - warmup) / left);
  return peak * (floor + (1 - floor) * (1 + Math.cos(turn)) / 2);
}
