/**
 * The mean of numbers.
 *
 * @module
 */

/** The mean of numbers, each alike; `NaN` for none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / values.length;
