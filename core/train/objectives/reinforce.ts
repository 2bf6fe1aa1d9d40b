/**
 * The loss of each token as the reward of what was drawn for it: RL-R, arXiv 2202.01169 (survey,
 * section 4.1.1). Losses go from the cross-entropy to the gates on the device; the baseline is a
 * state that begins at the loss of a model that knows nothing.
 *
 * @module
 */
import { presence } from "../../gates/shorthand.ts";
import { movedBaseline, reinforceLoss } from "../../gates/training/reinforce.ts";
import type { HooksOf } from "./hooks.ts";

/** See the module. */
export const reinforceHooks: HooksOf<"reinforce"> = {
  states: (_, [{ vocabulary }]) => ({
    baseline: { shape: [1, 1], init: { value: Math.log(vocabulary) } },
  }),
  reads: (gated) => gated.logProbability,
  losses({ g, spec, passes: [{ losses_T1, gates }], targets, state: { baseline } }) {
    // A token that predicts nothing is neither better nor worse than the others.
    const predicts_T1 = presence(g, g.affine(targets, { times: 0 }), 1);
    const rewards_T1 = g.map("select", predicts_T1, losses_T1, baseline);
    const logProbabilities_T1 = gates.reduce((sum, one) => g.map("add", sum, one));
    const value = reinforceLoss(g, { losses_T1: rewards_T1, logProbabilities_T1, baseline });
    const moved = movedBaseline(g, { baseline, losses_T1: rewards_T1, keep: spec.baseline });
    return { losses: [{ name: "reinforce", value }], state: { baseline: moved } };
  },
};
