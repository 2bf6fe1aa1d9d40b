/**
 * Order statistics of numbers.
 *
 * @module
 */

/**
 * The value below which a share of the numbers lies, between neighbours linearly (type 7 of Hyndman
 * and Fan, 1996); the median for 0.5, `NaN` for no numbers.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  return low + (sorted[Math.ceil(at)] - low) * (at % 1);
}
