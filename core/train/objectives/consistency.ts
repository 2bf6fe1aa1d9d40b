/**
 * Two passes that are to predict the same: THOR, arXiv 2110.04260 (survey, section 4.1.1). Both meet
 * experts of their own chance, and the loss is the mean of their cross-entropies plus `weight` times
 * the divergence of `gates/training/consistency.ts`.
 *
 * @module
 */
import { consistencyLoss, logProbabilities } from "../../gates/training/consistency.ts";
import type { HooksOf } from "./hooks.ts";

/** See the module. */
export const consistencyHooks: HooksOf<"consistency"> = {
  passes: 2,
  losses({ g, spec, passes }) {
    const [p_TV, q_TV] = passes.map((pass) => logProbabilities(g, pass.logits()));
    const value = g.scale(consistencyLoss(g, [p_TV, q_TV]), spec.weight);
    return { losses: [{ name: "consistency", value }] };
  },
};
