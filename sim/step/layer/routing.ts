/**
 * How many tokens each rank sends to each expert: balanced, or from real choices (`skew.ts` draws
 * them by a law).
 *
 * All give `counts_RE`: the choices that the tokens of rank r make of expert e. Every token makes
 * `topK` choices, of different experts, so that a row sums to tokens times topK.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";

/** What is routed. */
export interface RoutingShape {
  /** Ranks that hold tokens. */
  ranks: number;
  /** Tokens of each rank. */
  tokensPerRank: number;
  /** Experts in all. */
  experts: number;
  /** Experts a token. */
  topK: number;
}

/** Refuses shapes that no routing has. */
export function checkRoutingShape({ ranks, tokensPerRank, experts, topK }: RoutingShape): void {
  const whole = { ranks, tokensPerRank, experts, topK };
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isSafeInteger(value) || value < (name === "tokensPerRank" ? 0 : 1)) {
      throw new UserError(`Cannot route: ${name} is ${value}, wanted a whole number above 0`);
    }
  }
  if (topK > experts) {
    throw new UserError(
      `Cannot route each token to ${topK} experts of ${experts}: wanted at most ${experts}`,
    );
  }
}

/** Deals `total` choices in turn to `seats`, from seat `first` on. */
function deal(total: number, seats: number, first = 0): number[] {
  const base = Math.floor(total / seats);
  const rest = total % seats;
  return Array.from(
    { length: seats },
    (_, seat) => base + ((seat - first % seats + seats) % seats < rest ? 1 : 0),
  );
}

/**
 * The same number of choices for every expert, as near as whole numbers allow: within a rank and
 * over all ranks no two experts differ by more than one.
 *
 * @example
 * ```ts
 * import { balancedCounts } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { ranks: 2, tokensPerRank: 3, experts: 4, topK: 1 };
 * assertEquals(balancedCounts(shape), [[1, 1, 1, 0], [1, 1, 0, 1]]);
 * ```
 */
export function balancedCounts(shape: RoutingShape): number[][] {
  checkRoutingShape(shape);
  const choices = shape.tokensPerRank * shape.topK;
  return Array.from(
    { length: shape.ranks },
    (_, rank) => deal(choices, shape.experts, rank * choices),
  );
}

/**
 * Counts of measured choices `ids_TK` (token by token, `topK` experts each), the tokens split over
 * ranks in contiguous runs of equal length, the first ranks one longer where they do not divide.
 *
 * @throws {UserError} for an expert that is not there or a list that does not divide by `topK`.
 *
 * @example
 * ```ts
 * import { countsFromChoices } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const ids_TK = [0, 2, 1, 2];
 * assertEquals(countsFromChoices(ids_TK, { ranks: 2, experts: 3, topK: 2 }), [[1, 0, 1], [0, 1, 1]]);
 * ```
 */
export function countsFromChoices(
  ids_TK: ArrayLike<number>,
  options: { ranks: number; experts: number; topK: number },
): number[][] {
  const { ranks, experts, topK } = options;
  if (ids_TK.length % topK !== 0) {
    throw new UserError(`Cannot read ${ids_TK.length} choices as tokens of ${topK} experts each`);
  }
  let at = 0;
  return deal(ids_TK.length / topK, ranks).map((tokens) => {
    const counts_E = new Array<number>(experts).fill(0);
    for (const end = at + tokens * topK; at < end; at++) {
      const expert = ids_TK[at];
      if (!(expert in counts_E)) {
        throw new UserError(
          `Cannot count choice ${at}: found expert ${expert}, wanted 0 to ${experts - 1}`,
        );
      }
      counts_E[expert]++;
    }
    return counts_E;
  });
}

/**
 * Counts by expert, as measured over a whole batch, dealt to ranks in turn: of every expert and in
 * all, two ranks differ by at most one choice. Give it batches that divide by the ranks where whole
 * tokens are wanted: a rank of 2.5 tokens would get 5 choices of 2.
 *
 * @example
 * ```ts
 * import { splitCounts } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(splitCounts([3, 1], { ranks: 2 }), [[2, 0], [1, 1]]);
 * ```
 */
export function splitCounts(
  counts_E: readonly number[],
  { ranks }: { ranks: number },
): number[][] {
  const counts_RE = Array.from({ length: ranks }, () => [] as number[]);
  let first = 0;
  for (const count of counts_E) {
    deal(count, ranks, first).forEach((share, rank) => counts_RE[rank].push(share));
    first = (first + count) % ranks;
  }
  return counts_RE;
}

/** Choices of each expert over all ranks. */
export function sumOverRanks(counts_RE: readonly (readonly number[])[]): number[] {
  return counts_RE[0].map((_, e) => counts_RE.reduce((sum, counts_E) => sum + counts_E[e], 0));
}

/** The largest load over the mean load: 1 where balanced, and 1 where there is no load. */
export function imbalance(loads: readonly number[]): number {
  const total = loads.reduce((sum, load) => sum + load, 0);
  return total === 0 ? 1 : Math.max(...loads) * loads.length / total;
}
