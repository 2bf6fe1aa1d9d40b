/**
 * Tables from token ids to experts: Hash Layer, arXiv 2106.04426 (survey, section 4.1.1). They are
 * made once, before training, and never change.
 *
 *     balanced    the commonest ids first, each to the expert with the least to do so far
 *     clustered   ids whose embeddings lie near each other share an expert
 *     dispersed   such ids are dealt out over all experts
 *
 * @module
 */
import { normals, split, type Stream } from "../../../kernels/base/random.ts";

/** How often each token id occurs, [V]; in any unit. */
export type Frequencies = ArrayLike<number>;

/**
 * Experts [V] by ids, so that all have about the same share of the text. With equal frequencies the
 * numbers of ids of two experts differ by one at most.
 *
 * @example
 * ```ts
 * import { balancedTable } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...balancedTable([5, 1, 3, 3], { experts: 2 })], [0, 0, 1, 1]);
 * ```
 */
export function balancedTable(
  frequencies: Frequencies,
  { experts }: { experts: number },
): Uint32Array {
  const ids = Array.from(frequencies, (_, id) => id);
  ids.sort((a, b) => frequencies[b] - frequencies[a] || a - b);
  const load = new Float64Array(experts);
  const held = new Float64Array(experts);
  const table = new Uint32Array(ids.length);
  for (const id of ids) {
    let to = 0;
    for (let e = 1; e < experts; e++) {
      // Among equally loaded ones the expert with fewer ids: ids that never occur spread too.
      if (load[e] < load[to] || (load[e] === load[to] && held[e] < held[to])) to = e;
    }
    load[to] += frequencies[id];
    held[to]++;
    table[id] = to;
  }
  return table;
}

/** What ids are clustered by. */
export interface ClusterOptions {
  /** Experts E, as many as clusters. */
  experts: number;
  /** Names the stream that embeddings and first centres are drawn from. */
  seed: number;
  /** Embeddings [V, width], row by row; drawn at random where there are none. */
  embedding?: ArrayLike<number>;
  /** Width of the embeddings. */
  width?: number;
}

/** Rounds of k-means; random embeddings have settled long before. */
const ROUNDS = 20;

/** Experts [V] by ids: the cluster of each id, by k-means. Clusters may differ in size. */
export function clusteredTable(ids: number, options: ClusterOptions): Uint32Array {
  const { experts, seed, width = 8 } = options;
  const stream = split(seed, "hash/clusters");
  const points = options.embedding ?? normals(stream.split("embedding"), ids * width);
  if (points.length !== ids * width) {
    throw new RangeError(
      `Clustered ${ids} ids by ${points.length} numbers, wanted ${ids * width}: ${width} an id`,
    );
  }
  const apart = (id: number, centre: ArrayLike<number>) => {
    let sum = 0;
    for (let d = 0; d < width; d++) sum += (points[id * width + d] - centre[d]) ** 2;
    return sum;
  };
  const row = (id: number) => Array.from({ length: width }, (_, d) => points[id * width + d]);
  let centres = firstCentres(ids, { experts, stream, apart, row });
  const table = new Uint32Array(ids);
  for (let round = 0; round < ROUNDS; round++) {
    table.forEach((_, id) => {
      const distances = centres.map((centre) => apart(id, centre));
      table[id] = distances.indexOf(Math.min(...distances));
    });
    centres = centres.map((old, e) => {
      const members = [...table.keys()].filter((id) => table[id] === e).map(row);
      if (members.length === 0) return old;
      return old.map((_, d) => members.reduce((sum, m) => sum + m[d], 0) / members.length);
    });
  }
  return table;
}

/** Centres far from each other: each next one is the id that is farthest from those before. */
function firstCentres(ids: number, { experts, stream, apart, row }: {
  experts: number;
  stream: Stream;
  apart(id: number, centre: ArrayLike<number>): number;
  row(id: number): number[];
}): number[][] {
  const centres = [row(stream.split("first").int(0, ids - 1))];
  const nearest = new Float64Array(ids).fill(Infinity);
  while (centres.length < experts) {
    const last = centres[centres.length - 1];
    nearest.forEach((d, id) => nearest[id] = Math.min(d, apart(id, last)));
    centres.push(row(nearest.reduce((best, d, id) => d > nearest[best] ? id : best, 0)));
  }
  return centres;
}

/** Experts [V] by ids: the members of each cluster in turn, so that neighbours part. */
export function dispersedTable(ids: number, options: ClusterOptions): Uint32Array {
  const { experts } = options;
  const clusters = clusteredTable(ids, options);
  const byCluster = [...clusters.keys()].sort((a, b) => clusters[a] - clusters[b] || a - b);
  const table = new Uint32Array(ids);
  byCluster.forEach((id, i) => table[id] = i % experts);
  return table;
}
