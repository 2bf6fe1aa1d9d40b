/**
 * Which expert a token goes to after which: the choices of consecutive layers, counted in pairs.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { ExpertSlots } from "./slots.ts";

/** How a trace of tokens is shaped. */
export interface TokenTraceShape {
  /** Experts of a layer. */
  experts: number;
  /** Experts that a token uses in a layer. */
  topK: number;
}

/**
 * Counts pairs of choices between each layer and the next: of a token with k experts in both, k times
 * k pairs.
 *
 * @param ids_LN Choices of each layer, token by token, `topK` each.
 * @returns By layer but the last, pairs by expert there and expert in the next.
 * @throws {UserError} where layers have different numbers of choices, or an expert is not there.
 *
 * @example Two tokens of one expert a layer
 * ```ts
 * import { countTransitions } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const pairs = countTransitions([[0, 1], [1, 1]], { experts: 2, topK: 1 });
 * assertEquals(pairs, [[[0, 1], [0, 1]]]);
 * ```
 */
export function countTransitions(
  ids_LN: readonly ArrayLike<number>[],
  { experts, topK }: TokenTraceShape,
): number[][][] {
  const choices = ids_LN[0]?.length ?? 0;
  ids_LN.forEach((ids_N, layer) => {
    if (ids_N.length !== choices || choices % topK !== 0) {
      throw new UserError(
        `Cannot count transitions: found ${ids_N.length} choices in layer ${layer}, wanted ` +
          `${choices} as in layer 0, ${topK} a token`,
      );
    }
    for (let i = 0; i < choices; i++) {
      if (Number.isSafeInteger(ids_N[i]) && ids_N[i] >= 0 && ids_N[i] < experts) continue;
      throw new UserError(
        `Cannot count transitions: found expert ${ids_N[i]} in layer ${layer}, wanted 0 to ` +
          `${experts - 1}`,
      );
    }
  });
  return ids_LN.slice(1).map((next_N, layer) => {
    const pairs_EE = Array.from({ length: experts }, () => new Array<number>(experts).fill(0));
    for (let token = 0; token < choices; token += topK) {
      for (let i = token; i < token + topK; i++) {
        const row = pairs_EE[ids_LN[layer][i]];
        for (let j = token; j < token + topK; j++) row[next_N[j]]++;
      }
    }
    return pairs_EE;
  });
}

/** Where pairs of consecutive choices lie, as shares of all pairs. */
export interface Crossings {
  /** On two ranks of one node. */
  withinNodeFraction: number;
  /** On two nodes. */
  betweenNodesFraction: number;
  /** Both, those between nodes counted twice. */
  hops: number;
}

/** Rank of every expert, its first where it is replicated. */
export function rankOfExperts(slots_RS: ExpertSlots, experts: number): number[] {
  const rank_E = new Array<number>(experts).fill(-1);
  slots_RS.forEach((own, rank) => {
    for (const expert of own) if (rank_E[expert] < 0) rank_E[expert] = rank;
  });
  return rank_E;
}

/**
 * How often a token's next expert lies elsewhere.
 *
 * @param pairs_LEE As `countTransitions` gives them.
 * @param options `slots_LRS`: placement of every layer; `perNode`: neighbouring ranks of a node.
 */
export function countCrossings(
  pairs_LEE: readonly (readonly (readonly number[])[])[],
  options: { slots_LRS: readonly ExpertSlots[]; perNode: number },
): Crossings {
  const { slots_LRS, perNode } = options;
  let [all, within, between] = [0, 0, 0];
  pairs_LEE.forEach((pairs_EE, layer) => {
    const from_E = rankOfExperts(slots_LRS[layer], pairs_EE.length);
    const to_E = rankOfExperts(slots_LRS[layer + 1], pairs_EE.length);
    pairs_EE.forEach((pairs_E, e) =>
      pairs_E.forEach((pairs, f) => {
        all += pairs;
        if (from_E[e] === to_E[f]) return;
        if (Math.floor(from_E[e] / perNode) === Math.floor(to_E[f] / perNode)) within += pairs;
        else between += pairs;
      })
    );
  });
  const share = (pairs: number) => all === 0 ? 0 : pairs / all;
  return {
    withinNodeFraction: share(within),
    betweenNodesFraction: share(between),
    hops: share(within + 2 * between),
  };
}
