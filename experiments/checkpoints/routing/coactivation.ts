/**
 * Which experts are chosen together: pairs over what independent choices would give.
 *
 * A token's K experts differ, so that pairs of independent experts are rarer than the product of
 * their shares; products are scaled to the number of pairs that there are, and 1 is independence.
 *
 * @module
 */
import type { Estimate } from "../../../kernels/base/estimate.ts";
import { countsOf, type RoutedTexts, weightedSum } from "./routed.ts";
import { type Resampling, withIntervals } from "./resample.ts";

/** Two experts of a layer. */
export interface ExpertPair {
  /** Place of the layer among those with experts. */
  layer: number;
  /** The experts, the lower one first. */
  experts: [number, number];
  /** Tokens that chose both, over those expected. */
  lift: Estimate;
  /** Tokens that chose both. */
  together: number;
}

/** Place of a pair in the list of all pairs. */
export const pairPlace = (a: number, b: number): number => b * (b - 1) / 2 + a;

/** The pair of a place. */
export function pairAt(place: number): [number, number] {
  let b = 1;
  while (pairPlace(0, b + 1) <= place) b++;
  return [place - pairPlace(0, b), b];
}

/** Tokens of a layer of a sequence that chose each pair, by {@linkcode pairPlace}. */
function pairCounts(chosen_TK: Uint32Array, sizes: { topK: number; experts: number }): number[] {
  const { topK, experts } = sizes;
  const counts = new Array<number>(experts * (experts - 1) / 2).fill(0);
  for (let at = 0; at < chosen_TK.length; at += topK) {
    for (let i = 0; i < topK; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [chosen_TK[at + i], chosen_TK[at + j]];
        counts[pairPlace(Math.min(a, b), Math.max(a, b))]++;
      }
    }
  }
  return counts;
}

/** How often independent experts of these loads would make each pair. */
function expectedPairs(pairs: readonly number[], loads: readonly number[]): number[] {
  const products = pairs.map(() => 0);
  for (let b = 1; b < loads.length; b++) {
    for (let a = 0; a < b; a++) products[pairPlace(a, b)] = loads[a] * loads[b];
  }
  const sum = (list: readonly number[]) => list.reduce((x, y) => x + y, 0);
  const scale = sum(pairs) / sum(products);
  return products.map((product) => product * scale);
}

/** Pairs over those expected, by {@linkcode pairPlace}; NaN where an expert was never chosen. */
export function lifts(pairs: readonly number[], loads: readonly number[]): number[] {
  const expected = expectedPairs(pairs, loads);
  return pairs.map((count, i) => expected[i] > 0 ? count / expected[i] : NaN);
}

/** A pair is picked where at least so many were expected: of fewer, one more is a large share. */
const LEAST_EXPECTED = 10;

/** A layer's lifts as a table of experts; the diagonal is NaN. */
export function liftTable(texts: RoutedTexts, layer: number): number[][] {
  const { experts, sequences } = texts;
  const all = lifts(
    weightedSum(sequences.map(({ chosen_LTK }) => pairCounts(chosen_LTK[layer], texts))),
    weightedSum(sequences.map(({ chosen_LTK }) => countsOf(texts, chosen_LTK[layer]))),
  );
  return Array.from({ length: experts }, (_, a) =>
    Array.from(
      { length: experts },
      (_, b) => a === b ? NaN : all[pairPlace(Math.min(a, b), Math.max(a, b))],
    ));
}

/**
 * The pairs of each layer that are chosen together most often over what is expected. They are picked
 * by every other sequence and counted in the rest: who picks the largest of many by the numbers that
 * he shows, shows too much.
 */
export function strongestPairs(
  texts: RoutedTexts,
  options: { pairs: number; resampling: Resampling },
): ExpertPair[] {
  const { topK, layers, sequences } = texts;
  const { pairs: wanted, resampling } = options;
  if (topK < 2 || sequences.length < 4) return [];
  const half = (rest: number) => sequences.filter((_, i) => i % 2 === rest);
  return layers.flatMap((_, layer) => {
    const countsIn = (some: typeof sequences) => ({
      pairs: some.map(({ chosen_LTK }) => pairCounts(chosen_LTK[layer], texts)),
      loads: some.map(({ chosen_LTK }) => countsOf(texts, chosen_LTK[layer])),
    });
    const [shown, picking] = [countsIn(half(0)), countsIn(half(1))];
    const [pickable, loads] = [weightedSum(picking.pairs), weightedSum(picking.loads)];
    const expected = expectedPairs(pickable, loads);
    const picked = lifts(pickable, loads)
      .map((lift, place) => ({ lift, place }))
      .filter(({ place }) => expected[place] >= LEAST_EXPECTED)
      .sort((a, b) => b.lift - a.lift || a.place - b.place)
      .slice(0, wanted);
    const estimates = withIntervals(
      (weights) => {
        const all = lifts(weightedSum(shown.pairs, weights), weightedSum(shown.loads, weights));
        return picked.map(({ place }) => all[place]);
      },
      {
        ...resampling,
        domains: half(0).map(({ domain }) => domain),
        stream: resampling.stream.split(`pairs/${layer}`),
      },
    );
    const together = weightedSum(shown.pairs);
    return picked.map(({ place }, i): ExpertPair => ({
      ...{ layer, experts: pairAt(place), lift: estimates[i], together: together[place] },
    })).filter(({ lift }) => Number.isFinite(lift.value));
  });
}
