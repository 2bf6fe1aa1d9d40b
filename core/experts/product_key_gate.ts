/**
 * The gate of a great many experts: heads that find their best by product keys and score no others
 * (PEER, arXiv 2407.04153). It chooses what the gate "peer" of the table chooses, which forms all sums,
 * and has the same parameters; what needs a score of every expert, such as a loss on balance, it cannot
 * give.
 *
 * @module
 */
import type { Gate } from "../gates/gate.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { scoreParameters } from "../gates/score/score.ts";
import { bestByProductKeys } from "./neurons.ts";

/**
 * The gate of a recipe whose scores and choice are product keys.
 *
 * @throws {RangeError} for other recipes, and for those with a balance.
 */
export function productKeyGate({ id, score, select, balance }: GateRecipe): Gate {
  if (score.kind !== "product-key" || select.kind !== "product-key" || balance.length > 0) {
    throw new RangeError(`Retrieved experts by "${id}", wanted product keys without a balance`);
  }
  const { heads, width } = score;
  const half = width / 2;
  return {
    parameters: (shape) => scoreParameters(score, shape),
    states: () => ({}),
    route({ g, w, input }) {
      const queries = g.product(input.x, w.router_query);
      const found = Array.from({ length: heads }, (_, h) => {
        const from = h * width;
        return bestByProductKeys(g, {
          queries: [
            g.columns(queries, from, from + half),
            g.columns(queries, from + half, from + width),
          ],
          keys: [w.router_keys_1, w.router_keys_2],
        }, select.k);
      });
      const ids = g.idsBeside(...found.map((one) => one.ids));
      const weights = g.beside(...found.map((one) => g.softmax(one.scores)));
      return { dispatch: { kind: "choice", ids, weights }, wanted: ids, losses: [], state: {} };
    },
  };
}
