/**
 * Intervals by drawing sequences again: neighbouring tokens are alike, whole sequences are what is
 * independent (the bootstrap of Efron, 1979, over clusters).
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import type { Stream } from "../../../kernels/mod.ts";
import { shuffled } from "../../../core/train/data/corpus.ts";
import { quantile } from "../../quantile.ts";

/** A statistic of sequences, each of which counts as often as its weight says. */
export type Statistic = (weights: readonly number[]) => number[];

/** How sequences are drawn again. */
export interface Resampling {
  /** Domain of each sequence; each domain keeps its number of sequences. */
  domains: readonly number[];
  /** How often all are drawn. */
  draws: number;
  /** What they are drawn with. */
  stream: Stream;
}

/** Values of a statistic over sequences drawn again: one list a draw. */
export function redrawn(statistic: Statistic, { domains, draws, stream }: Resampling): number[][] {
  const members = Map.groupBy(domains.keys(), (sequence) => domains[sequence]);
  return Array.from({ length: draws }, () => {
    const weights = new Array<number>(domains.length).fill(0);
    for (const own of members.values()) {
      own.forEach(() => weights[own[stream.int(0, own.length - 1)]]++);
    }
    return statistic(weights);
  });
}

/** Values of a statistic where the domains are dealt to the sequences anew. */
export function permuted(
  statistic: (domains: readonly number[]) => number[],
  { domains, draws, stream }: Resampling,
): number[][] {
  return Array.from({ length: draws }, () => {
    const order = shuffled(domains.length, stream);
    return statistic(order.map((i) => domains[i]));
  });
}

/** One of the numbers of each draw, those left out that are none. */
export const columnOf = (draws: readonly number[][], index: number): number[] =>
  draws.map((draw) => draw[index]).filter(Number.isFinite);

/** 95 % of the numbers lie between. */
export const middle95 = (values: readonly number[]): [lo: number, hi: number] => [
  quantile(values, 0.025),
  quantile(values, 0.975),
];

const METHOD = "95 % percentiles over sequences drawn again";

/** Each number of a statistic with its interval: percentiles over sequences drawn again. */
export function withIntervals(statistic: Statistic, resampling: Resampling): Estimate[] {
  const { domains } = resampling;
  const values = statistic(domains.map(() => 1));
  const draws = redrawn(statistic, resampling);
  return values.map((value, i) => {
    const [lo, hi] = middle95(columnOf(draws, i));
    const ends = { lo: Math.min(lo, value), hi: Math.max(hi, value) };
    return { value, ...ends, n: domains.length, method: METHOD };
  });
}
