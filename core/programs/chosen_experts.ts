/**
 * Experts that compute for those tokens alone that chose them, from the same matrices as where all
 * experts compute for all tokens and what was not chosen counts 0: up [D, E F] and down [E F, D].
 *
 * What both give is the same but for the order in which numbers are added up. All experts take E / K
 * times the products; chosen ones a sort, and products over rows that are gathered.
 *
 * @module
 */
import type { Arrays, ChosenExperts } from "../arrays/arrays.ts";

/** Which experts compute for a token: all of them, or those that it chose. */
export type ExpertCompute = "all" | "chosen";

/**
 * The sum over each token's choices of weight times hidden(x up) down, [T, D].
 *
 * @example Two linear experts: each token passes its own
 * ```ts
 * import { chosenExperts, hostArrays, hostIndices, hostMatrix } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const g = hostArrays({ seed: 1 });
 * const y = chosenExperts(g, hostMatrix([2, 1], [3, 5]), {
 *   chosen: { ids: hostIndices([2, 1], [1, 0]), experts: 2 },
 *   weights: hostMatrix([2, 1], [1, 0.5]),
 *   hidden: (into) => into(hostMatrix([1, 2], [1, 10])),
 *   down: hostMatrix([2, 1], [1, 1]),
 * });
 * assertEquals([...y.data], [30, 2.5]);
 * ```
 */
export function chosenExperts<A, I>(
  g: Arrays<A, I>,
  x: A,
  options: {
    /** Who goes where. */
    chosen: ChosenExperts<I>;
    /** What each choice counts [T, K]. */
    weights: A;
    /** Hidden numbers of rows, [T K, F]; `into` multiplies them by their experts' columns. */
    hidden(into: (w: A) => A): A;
    /** [E F, D]. */
    down: A;
  },
): A {
  const { chosen, weights, hidden, down } = options;
  const h = hidden((w) => g.intoExperts(x, w, chosen));
  return g.outOfExperts(g.map("multiply", h, g.expertRows(weights, chosen)), down, chosen);
}
