/**
 * What a layer with experts did with a batch, in numbers, from what its router left.
 *
 * @module
 */
import { NONE } from "../arrays/arrays.ts";

/** What a layer with experts did with a batch of T tokens, E experts and G tags. */
export interface LayerStatistics {
  /** Choices of each expert before any was dropped [E]. */
  wanted_E: Float64Array;
  /** Choices of each expert that it had room for [E]. */
  kept_E: Float64Array;
  /** Share of the choices that found no room. */
  dropped: number;
  /** Mean entropy of a token's scores, nats; 0 where the gate has none. */
  entropy: number;
  /** Choices of each expert, before any was dropped, by tokens of each tag: [G, E]. */
  byTag_GE: Float64Array;
  /** Mean of the squared log-sum-exp of a token's logits; 0 where the gate has none. */
  logSumExp2: number;
}

/** What a router left. */
export interface RoutedTokens {
  /** Chosen experts [T, K], NONE for no one. */
  wanted?: ArrayLike<number>;
  /** Those that found room [T, K]. */
  kept?: ArrayLike<number>;
  /** Where nothing is chosen: what each expert counts for each token [T, E]. */
  shares_TE?: ArrayLike<number>;
  /** Scores [T, E], not below 0. */
  scores_TE?: ArrayLike<number>;
  /** Logits [T, E]. */
  logits_TE?: ArrayLike<number>;
  /** Tag of each token. */
  tags_T: ArrayLike<number>;
  /** Experts E. */
  experts: number;
  /** Experts that are networks: the others, which come last, drop nothing. */
  networks: number;
  /** Tags G. */
  tags: number;
}

const total = (values: Float64Array) => values.reduce((sum, v) => sum + v, 0);

/** Rows of a matrix [T, E]. */
function rowsOf(values: ArrayLike<number>, experts: number): number[][] {
  return Array.from(
    { length: values.length / experts },
    (_, t) => Array.from({ length: experts }, (_, e) => values[t * experts + e]),
  );
}

const meanOf = (rows: number[][], of: (row: number[]) => number) =>
  rows.reduce((sum, row) => sum + of(row), 0) / Math.max(1, rows.length);

/** Entropy of numbers not below 0, as shares of their sum. */
function entropyOf(row: readonly number[]): number {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.reduce((entropy, v) => v > 0 ? entropy - v / sum * Math.log(v / sum) : entropy, 0);
}

function logSumExp(row: readonly number[]): number {
  const largest = Math.max(...row);
  return largest + Math.log(row.reduce((sum, v) => sum + Math.exp(v - largest), 0));
}

/** Calls `add` with expert, token and count of each choice. */
function eachChoice(
  ids: ArrayLike<number>,
  tokens: number,
  add: (expert: number, token: number) => void,
): void {
  const k = ids.length / tokens;
  for (let i = 0; i < ids.length; i++) if (ids[i] !== NONE) add(ids[i], Math.floor(i / k));
}

/**
 * Counts what a router did.
 *
 * @example
 * ```ts
 * import { layerStatistics } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const { wanted_E, dropped, byTag_GE } = layerStatistics({
 *   ...{ wanted: [0, 0, 1], kept: [0, 0xffffffff, 1], tags_T: [0, 1, 1] },
 *   ...{ experts: 2, networks: 2, tags: 2 },
 * });
 * assertEquals([[...wanted_E], dropped, [...byTag_GE]], [[2, 1], 1 / 3, [1, 0, 1, 1]]);
 * ```
 */
export function layerStatistics(routed: RoutedTokens): LayerStatistics {
  const { wanted, shares_TE, scores_TE, logits_TE, tags_T, experts, networks, tags } = routed;
  const tokens = tags_T.length;
  const wanted_E = new Float64Array(experts);
  const kept_E = new Float64Array(experts);
  const byTag_GE = new Float64Array(tags * experts);
  const want = (e: number, t: number, count = 1) => {
    wanted_E[e] += count;
    byTag_GE[tags_T[t] * experts + e] += count;
    if (!wanted || e >= networks) kept_E[e] += count;
  };
  if (wanted) {
    eachChoice(wanted, tokens, want);
    eachChoice(routed.kept ?? wanted, tokens, (e) => e < networks && kept_E[e]++);
  } else if (shares_TE) {
    for (let i = 0; i < shares_TE.length; i++) {
      want(i % experts, Math.floor(i / experts), shares_TE[i]);
    }
  }
  const all = total(wanted_E);
  const logits = logits_TE ? rowsOf(logits_TE, experts) : [];
  const softmax = (row: number[]) => row.map((v) => Math.exp(v - Math.max(...row)));
  const scores = scores_TE ? rowsOf(scores_TE, experts) : logits.map(softmax);
  return {
    ...{ wanted_E, kept_E, byTag_GE },
    dropped: all > 0 ? (all - total(kept_E)) / all : 0,
    entropy: meanOf(scores, entropyOf),
    logSumExp2: meanOf(logits, (row) => logSumExp(row) ** 2),
  };
}
