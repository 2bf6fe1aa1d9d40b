/**
 * DYNMoE's auxiliary losses, arXiv 2405.14297: what represents experts lies apart and is short, and
 * tokens use few experts.
 *
 * @module
 */
import { marks } from "../gates/shorthand.ts";
import { needed, weighted } from "./needs.ts";
import type { Balanced, BalanceRun } from "./run.ts";
import { meanOf } from "./shares.ts";

/** What a square root of a sum of squares keeps away from 0, where it has no slope. */
const TINY = 1e-12;

/** The length (Frobenius) of u u^T - 1, u the vectors of experts at length 1. */
export function diversityLoss<A, I>(run: BalanceRun<A, I, "diversity">): Balanced<A> {
  const { g, shape: { experts } } = run;
  const unit_ED = g.unit(needed(run, "representations"));
  const identity = g.constant(
    `identity of ${experts}`,
    [experts, experts],
    () => Float64Array.from({ length: experts ** 2 }, (_, i) => i % (experts + 1) === 0 ? 1 : 0),
  );
  const apart = g.map("subtract", g.product(unit_ED, unit_ED, { transpose: "b" }), identity);
  return weighted(run, g.map("root", g.shift(g.total(g.map("square", apart)), TINY)));
}

/** The mean length of the experts' vectors. */
export function simplicityLoss<A, I>(run: BalanceRun<A, I, "simplicity">): Balanced<A> {
  const { g } = run;
  const squares_E1 = g.sumRows(g.map("square", needed(run, "representations")));
  return weighted(run, meanOf(g, g.map("root", g.shift(squares_E1, TINY))));
}

/** The mean over tokens and experts of a gate that is 1 where it opens, with its score's gradient. */
export function efficiencyLoss<A, I>(run: BalanceRun<A, I, "efficiency">): Balanced<A> {
  const { g, shape: { experts } } = run;
  const scores_TE = needed(run, "scores");
  const open_TE = marks(g, needed(run, "wanted"), experts);
  const straight_TE = g.map("subtract", scores_TE, g.detach(scores_TE));
  return weighted(run, meanOf(g, g.map("multiply", open_TE, g.shift(straight_TE, 1))));
}
