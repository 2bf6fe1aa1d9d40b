/**
 * Clusters of sequences by the tokens that they hold: what stands in where a work clusters instructions
 * (MoCLE, arXiv 2312.12379) or instances (MoR1E, arXiv 2404.08985) by embeddings of a model beside.
 *
 * A sequence is the square roots of the shares of its tokens, a point on the unit sphere; centres are
 * found by k-means, from seeds that are drawn far from each other (k-means++, Arthur and
 * Vassilvitskii, SODA 2007).
 *
 * @module
 */
import { split, type Stream } from "../../kernels/mod.ts";

/** Centres in the space of tokens' shares, one after the other. */
export interface SequenceClusters {
  /** Token ids are below it. */
  vocabulary: number;
  /** Centres. */
  centres: Float64Array[];
}

function pointOf(ids: ArrayLike<number>, vocabulary: number): Float64Array {
  const point = new Float64Array(vocabulary);
  for (let t = 0; t < ids.length; t++) point[ids[t]] += 1 / ids.length;
  return point.map(Math.sqrt);
}

const distance = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, v, i) => sum + (v - b[i]) ** 2, 0);

function nearest(point: Float64Array, centres: readonly Float64Array[]): number {
  const all = centres.map((centre) => distance(point, centre));
  return all.indexOf(Math.min(...all));
}

/** First centres: each next one is drawn by its squared distance to the nearest that is there. */
function seeded(points: readonly Float64Array[], count: number, stream: Stream): Float64Array[] {
  const centres = [points[stream.int(0, points.length - 1)]];
  while (centres.length < count) {
    const far = points.map((point) => Math.min(...centres.map((one) => distance(point, one))));
    let rest = stream.uniform() * far.reduce((a, b) => a + b, 0);
    const found = far.findIndex((d) => (rest -= d) < 0);
    centres.push(points[found < 0 ? points.length - 1 : found]);
  }
  return centres;
}

/** Rounds of k-means; it rests long before. */
const ROUNDS = 50;

/**
 * Finds clusters of sequences of token ids.
 *
 * @throws {RangeError} where there are fewer sequences than clusters.
 *
 * @example
 * ```ts
 * import { nearestCluster, clusterSequences } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const texts = [[0, 0, 1], [1, 0, 0], [2, 3, 3], [3, 2, 3]];
 * const clusters = clusterSequences(texts, { count: 2, vocabulary: 4, seed: 1 });
 * const of = texts.map((text) => nearestCluster(clusters, text));
 * assertEquals([of[0] === of[1], of[2] === of[3], of[0] === of[2]], [true, true, false]);
 * ```
 */
export function clusterSequences(
  sequences: readonly ArrayLike<number>[],
  options: { count: number; vocabulary: number; seed: number },
): SequenceClusters {
  const { count, vocabulary, seed } = options;
  if (sequences.length < count) {
    throw new RangeError(
      `Looked for ${count} clusters of ${sequences.length} sequences, wanted at most as many`,
    );
  }
  const points = sequences.map((ids) => pointOf(ids, vocabulary));
  let centres = seeded(points, count, split(seed, "clusters"));
  let before = "";
  for (let round = 0; round < ROUNDS; round++) {
    const own = points.map((point) => nearest(point, centres));
    if (own.join() === before) break;
    before = own.join();
    centres = centres.map((centre, c) => {
      const members = points.filter((_, i) => own[i] === c);
      if (members.length === 0) return centre;
      return centre.map((_, v) =>
        members.reduce((sum, point) => sum + point[v], 0) / members.length
      );
    });
  }
  return { vocabulary, centres };
}

/** The cluster that a sequence is nearest to. */
export function nearestCluster(
  { vocabulary, centres }: SequenceClusters,
  ids: ArrayLike<number>,
): number {
  return nearest(pointOf(ids, vocabulary), centres);
}
