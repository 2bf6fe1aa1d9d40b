/**
 * All-to-all with uneven messages: `bytes_RR[i][j]` goes from the i-th rank of a list to the j-th.
 *
 * - *direct*: all messages at once.
 * - *pairwise*: rounds in which every rank sends to one other and receives from one. With a power of
 *   two of ranks the partners of a round are each other's (i xor round), so that whole rounds stay
 *   inside a domain; else round s sends s ranks ahead.
 * - *two-level*: first inside each domain, everything for ranks of place p to the member of place p,
 *   then between the ranks of a place, in one larger message a domain (2DH of Hwang et al., "Tutel",
 *   arXiv 2206.03382).
 *
 * @module
 */
import type { Collective, Transfer } from "./collective.ts";

/** Bytes from row to column. */
export type ByteMatrix = readonly (readonly number[])[];

/** Refuses a matrix that does not fit the ranks. */
export function checkMatrix(ranks: readonly number[], bytes_RR: ByteMatrix): void {
  const n = ranks.length;
  if (bytes_RR.length === n && bytes_RR.every((row) => row.length === n)) return;
  throw new RangeError(
    `Cannot exchange ${bytes_RR.length} rows of ${[...new Set(bytes_RR.map((r) => r.length))]} ` +
      `numbers between ${n} ranks: wanted ${n} rows of ${n}`,
  );
}

/**
 * The matrix of an even exchange in which each of `ranks` sends `bytes` in all, an n-th to each.
 *
 * @example
 * ```ts
 * import { evenMatrix } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(evenMatrix(2, 10), [[5, 5], [5, 5]]);
 * ```
 */
export function evenMatrix(ranks: number, bytes: number): number[][] {
  return Array.from({ length: ranks }, () => new Array<number>(ranks).fill(bytes / ranks));
}

/**
 * All messages at once.
 *
 * @throws {RangeError} for a matrix that does not fit.
 *
 * @example
 * ```ts
 * import { createTopology, directAllToAll, parseCluster, runCollective } from "@moelab/moelab/sim";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * const topology = createTopology(parseCluster("h100,nvlink=1GB/s,efficiency.nvlink=1"));
 * const { seconds } = runCollective(directAllToAll([0, 1], [[0, 2e9], [1e9, 0]]), topology);
 * assertAlmostEquals(seconds, 2 + 6.5e-6, 1e-9);
 * ```
 */
export function directAllToAll(ranks: readonly number[], bytes_RR: ByteMatrix): Collective {
  checkMatrix(ranks, bytes_RR);
  const transfers = ranks.flatMap((from, i) =>
    ranks.map((to, j): Transfer => ({ from, to, bytes: bytes_RR[i][j] }))
  );
  return { name: "direct all-to-all", rounds: [{ transfers }] };
}

/** In rounds of one message a rank. */
export function pairwiseAllToAll(ranks: readonly number[], bytes_RR: ByteMatrix): Collective {
  checkMatrix(ranks, bytes_RR);
  const n = ranks.length;
  const paired = (n & (n - 1)) === 0;
  const rounds = Array.from({ length: Math.max(0, n - 1) }, (_, s) => ({
    transfers: ranks.map((from, i): Transfer => {
      const j = paired ? i ^ (s + 1) : (i + s + 1) % n;
      return { from, to: ranks[j], bytes: bytes_RR[i][j] };
    }),
  }));
  return { name: "pairwise all-to-all", rounds };
}

/**
 * Inside the domains, then across them.
 *
 * @param domains Ranks by domain, equal numbers in each.
 * @param bytes_RR From row to column, in the order of the domains.
 */
export function twoLevelAllToAll(
  domains: readonly (readonly number[])[],
  bytes_RR: ByteMatrix,
): Collective {
  const ranks = domains.flat();
  const inside = domains[0].length;
  checkMatrix(ranks, bytes_RR);
  if (domains.some((members) => members.length !== inside)) {
    throw new RangeError(
      `Cannot exchange in two levels over domains of ${domains.map((m) => m.length).join(", ")} ` +
        `ranks: wanted equal numbers`,
    );
  }
  const within: Transfer[] = [];
  const across: Transfer[] = [];
  domains.forEach((members, d) => {
    members.forEach((from, i) => {
      members.forEach((to, place) => {
        let bytes = 0;
        domains.forEach((_, other) => bytes += bytes_RR[d * inside + i][other * inside + place]);
        within.push({ from, to, bytes });
      });
      domains.forEach((others, other) => {
        let bytes = 0;
        members.forEach((_, k) => bytes += bytes_RR[d * inside + k][other * inside + i]);
        if (other !== d) across.push({ from, to: others[i], bytes });
      });
    });
  });
  return { name: "two-level all-to-all", rounds: [{ transfers: within }, { transfers: across }] };
}
