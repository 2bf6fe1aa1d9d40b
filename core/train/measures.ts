/**
 * What tells how experts are used: pure functions of counts.
 *
 * @module
 */

const total = (counts: ArrayLike<number>) => Array.from(counts).reduce((a, b) => a + b, 0);

/** exp of a loss in nats. */
export const perplexity = (loss: number): number => Math.exp(loss);

/** Entropy of counts, bits; 0 for none. */
export function entropyBits(counts: ArrayLike<number>): number {
  const all = total(counts);
  return Array.from(counts).reduce((sum, n) => n > 0 ? sum - n / all * Math.log2(n / all) : sum, 0);
}

/** How evenly work is spread. */
export interface LoadSpread {
  /** The largest count over their mean: 1 where all are equal, E where one has all. */
  maxOverMean: number;
  /** Deviation over mean: the coefficient of variation (arXiv 1701.06538, section 4). */
  variation: number;
}

/**
 * How evenly counts are spread; even where there are none.
 *
 * @example
 * ```ts
 * import { loadSpread } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(loadSpread([4, 0, 0, 0]), { maxOverMean: 4, variation: Math.sqrt(3) });
 * ```
 */
export function loadSpread(counts: ArrayLike<number>): LoadSpread {
  const mean = total(counts) / counts.length;
  if (!(mean > 0)) return { maxOverMean: 1, variation: 0 };
  const list = Array.from(counts);
  const squares = list.reduce((sum, n) => sum + (n / mean - 1) ** 2, 0);
  return { maxOverMean: Math.max(...list) / mean, variation: Math.sqrt(squares / list.length) };
}

/** What experts and domains tell of each other. */
export interface Specialisation {
  /** Mutual information of a choice's expert and its token's domain, bits. */
  bits: number;
  /** Its share of the most that can be: the lesser of the domains' entropy and log2 of E. */
  share: number;
}

/**
 * How much experts specialise on domains, of counts [G, E]: 0 where every domain uses the experts
 * alike, 1 where the expert gives the domain away (or the domain the expert). Few counts overstate
 * it: by (G - 1)(E - 1) / (2 n ln 2) bits for n independent choices.
 *
 * @throws {RangeError} where the counts do not fill the rows.
 *
 * @example
 * ```ts
 * import { specialisationOf } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(specialisationOf([5, 0, 0, 5], { domains: 2 }), { bits: 1, share: 1 });
 * assertEquals(specialisationOf([5, 5, 5, 5], { domains: 2 }), { bits: 0, share: 0 });
 * ```
 */
export function specialisationOf(
  counts: ArrayLike<number>,
  options: { domains: number },
): Specialisation {
  const { domains } = options;
  const experts = counts.length / domains;
  if (!Number.isInteger(experts)) {
    throw new RangeError(
      `Cannot measure specialisation: found ${counts.length} counts, wanted a multiple of ${domains}`,
    );
  }
  const byDomain = new Float64Array(domains);
  const byExpert = new Float64Array(experts);
  for (let i = 0; i < counts.length; i++) {
    byDomain[Math.floor(i / experts)] += counts[i];
    byExpert[i % experts] += counts[i];
  }
  const bits = Math.max(0, entropyBits(byDomain) + entropyBits(byExpert) - entropyBits(counts));
  const most = Math.min(entropyBits(byDomain), Math.log2(experts));
  return { bits, share: most > 0 ? bits / most : 0 };
}
