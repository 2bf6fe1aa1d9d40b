/**
 * All-reduce, reduce-scatter and all-gather in two levels: inside each domain over its fast links,
 * and across domains between the ranks of the same place, whose cards work side by side (rails).
 *
 * A reduce-scatter inside leaves each of L ranks with an L-th of its domain's sum; the ranks of a
 * place add these up over all domains; an all-gather inside spreads the result. Each card carries an
 * L-th of what a flat ring would put on it. The bytes can go in *chunks* that follow each other: while
 * one is between the domains, the next is inside.
 *
 * @module
 */
import type { Collective, Round } from "./collective.ts";
import { pipelinedRounds } from "./rounds.ts";

/** How it runs. */
export interface HierarchicalOptions {
  /** Chunks that follow each other; 1 unless given. */
  chunks?: number;
}

/** One step of rings over several groups at once, as often as it takes to go around. */
function laps(groups: readonly (readonly number[])[], bytes: number, count: number): Round {
  const n = groups[0].length;
  return {
    times: count * (n - 1),
    transfers: groups.flatMap((ranks) =>
      ranks.map((from, at) => ({ from, to: ranks[(at + 1) % n], bytes: bytes / n }))
    ),
  };
}

function chunked(
  name: string,
  domains: readonly (readonly number[])[],
  options: HierarchicalOptions & { stages: (bytes: number) => Round[]; bytes: number },
): Collective {
  const sizes = domains.map((members) => members.length);
  if (new Set(sizes).size !== 1) {
    throw new RangeError(
      `Cannot run a ${name} over domains of ${sizes.join(", ")} ranks: wanted equal numbers`,
    );
  }
  const rounds = options.stages(options.bytes).filter(({ times }) => times !== 0);
  return { name, rounds: pipelinedRounds(rounds, options.chunks ?? 1) };
}

/** Ranks of the same place in every domain. */
function rails(domains: readonly (readonly number[])[]): number[][] {
  return domains[0].map((_, place) => domains.map((members) => members[place]));
}

/**
 * Every rank has `bytes`; in the end all have their sum.
 *
 * @throws {RangeError} for domains of different sizes and for chunks that are no whole number.
 *
 * @example
 * ```ts
 * import { bytesOfRanks, hierarchicalAllReduce } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const { rounds } = hierarchicalAllReduce([[0, 1], [8, 9]], 400);
 * // Half of the bytes inside, twice; a quarter across, twice.
 * assertEquals(bytesOfRanks({ name: "", rounds }).sent.get(0), 200 + 200 + 200);
 * ```
 */
export function hierarchicalAllReduce(
  domains: readonly (readonly number[])[],
  bytes: number,
  options: HierarchicalOptions = {},
): Collective {
  const inside = domains[0].length;
  return chunked("hierarchical all-reduce", domains, {
    ...options,
    bytes,
    stages: (part) => [
      laps(domains, part, 1),
      laps(rails(domains), part / inside, 2),
      laps(domains, part, 1),
    ],
  });
}

/** Every rank has `bytes`; in the end each has its share of their sum. */
export function hierarchicalReduceScatter(
  domains: readonly (readonly number[])[],
  bytes: number,
  options: HierarchicalOptions = {},
): Collective {
  const inside = domains[0].length;
  return chunked("hierarchical reduce-scatter", domains, {
    ...options,
    bytes,
    stages: (part) => [laps(domains, part, 1), laps(rails(domains), part / inside, 1)],
  });
}

/** Every rank has its share of `bytes`; in the end all have all. */
export function hierarchicalAllGather(
  domains: readonly (readonly number[])[],
  bytes: number,
  options: HierarchicalOptions = {},
): Collective {
  const inside = domains[0].length;
  return chunked("hierarchical all-gather", domains, {
    ...options,
    bytes,
    stages: (part) => [laps(rails(domains), part / inside, 1), laps(domains, part, 1)],
  });
}
