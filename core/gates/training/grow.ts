/**
 * How many experts a layer needs, found while it trains: DYNMoE, arXiv 2405.14297 (survey, section
 * 4.1.1). Between two reviews the layer counts how often each expert was wanted, and the tokens that
 * found none. A review then removes experts nobody wanted, and adds one where tokens found none; it
 * begins in the direction of those tokens, with its threshold at 0.
 *
 * Tensors keep their sizes: a layer has places for experts, and a review says which are alive.
 *
 * @module
 */

/** What was counted since the last review. */
export interface RoutingRecord {
  /** How often the expert in each place was wanted, [E]. */
  wanted_E: Float64Array;
  /** Tokens above no expert's threshold. */
  without: number;
  /** Sum of those tokens, [D]. */
  sum_D: Float64Array;
}

/** What a review decides. */
export interface Review {
  /** Which places hold an expert from now on, [E]. */
  alive_E: boolean[];
  /** Places that were emptied. */
  removed: number[];
  /** The place of a new expert and where its vector begins, [D], of length 1; null for none. */
  added: { place: number; direction_D: Float64Array } | null;
  /** True where tokens found no expert, and there was no place for one. */
  full: boolean;
}

/**
 * Reviews the experts of a layer. The most wanted one always stays, so that a layer is never empty.
 *
 * @example
 * ```ts
 * import { reviewExperts } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const record = {
 *   wanted_E: Float64Array.of(5, 0, 0),
 *   without: 2,
 *   sum_D: Float64Array.of(3, 4),
 * };
 * const { alive_E, removed, added } = reviewExperts(record, [true, true, false]);
 * assertEquals({ alive_E, removed }, { alive_E: [true, true, false], removed: [1] });
 * assertEquals(added, { place: 1, direction_D: new Float64Array([0.6, 0.8]) });
 * ```
 */
export function reviewExperts(record: RoutingRecord, alive_E: readonly boolean[]): Review {
  const { wanted_E, without, sum_D } = record;
  if (wanted_E.length !== alive_E.length) {
    throw new RangeError(
      `Experts in ${alive_E.length} places were reviewed by counts of ${wanted_E.length}; ` +
        `both must be as many`,
    );
  }
  const most = alive_E.reduce(
    (best, alive, e) => alive && (best < 0 || wanted_E[e] > wanted_E[best]) ? e : best,
    -1,
  );
  const next = alive_E.map((alive, e) => alive && (wanted_E[e] > 0 || e === most));
  const removed = next.flatMap((alive, e) => alive_E[e] && !alive ? [e] : []);
  const length = Math.hypot(...sum_D);
  const wanting = without > 0 && length > 0;
  const place = next.indexOf(false);
  if (!wanting || place < 0) return { alive_E: next, removed, added: null, full: wanting };
  next[place] = true;
  const direction_D = sum_D.map((x) => x / length);
  return { alive_E: next, removed, added: { place, direction_D }, full: false };
}
