/**
 * Choices of works that the survey (arXiv 2407.06204) names outside of its section on gates.
 *
 * @module
 */
import { fanIn } from "../score/run.ts";
import { countingIds, nameInLayer, numberOf, onesOf, type SpecOf } from "../shorthand.ts";
import { progressOf, stepState } from "./progress.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf } from "./top_k.ts";

/** Weight of the loss of the prediction. */
const PREDICTION = 0.01;

/**
 * Mixture of depths, arXiv 2404.02258: the best tokens of a sequence go through the layer, the rest
 * passes by. All experts together are the layer, each an equal part of it, weighed by the sigmoid of
 * one number a token. That number is trained to tell by itself whether the token is among the best,
 * so that where the model is used a token needs no others after it (`predicted`).
 */
export const depthSelect: Selector<SpecOf<SelectSpec, "depth">> = {
  choices: (_, { experts }) => experts,
  parameters: (_, { dModel }) => ({ depth_router: fanIn(dModel, 1) }),
  refusal: ({ capacity }) =>
    capacity > 0 && capacity <= 1
      ? undefined
      : `A share ${capacity} of the tokens went through the layer, wanted above 0 and at most 1`,
  select({ g, w, input, spec: { capacity, predicted }, shape, training }) {
    const { tokens, length, experts } = shape;
    const logits_T1 = g.product(input.x, w.depth_router);
    const alone = predicted && !training;
    const count = Math.min(length, Math.max(1, Math.round(capacity * length)));
    const mask_T1 = alone
      ? g.map("positive", logits_T1)
      : g.choosePerColumn(logits_T1, { count, length });
    const ones_TE = onesOf(g, [tokens, experts]);
    const ids = g.keep(
      countingIds(g, [tokens, experts]),
      g.map("multiply", ones_TE, mask_T1),
    );
    const part_T1 = g.scale(g.map("sigmoid", logits_T1), 1 / experts);
    const scores = g.map("multiply", ones_TE, part_T1);
    const selected = { ids, weights: g.take(scores, ids), scores };
    if (!predicted) return selected;
    // Cross-entropy of "is among the best", in nats a token.
    const missed_T1 = g.map(
      "subtract",
      g.map("softplus", logits_T1),
      g.map("multiply", logits_T1, mask_T1),
    );
    const value = g.scale(g.total(missed_T1), PREDICTION / tokens);
    return { ...selected, losses: [{ name: "prediction", value }] };
  },
};

/**
 * One expert, drawn in training as the softmax of the logits says: the best after Gumbel noise. Its
 * weight is its share of the noisy softmax, which sharpens as the temperature falls, exp(-rate step):
 * Branch-Train-MiX, arXiv 2403.07816, section 3. Without noise where the model is used.
 */
export const gumbelBestSelect: Selector<SpecOf<SelectSpec, "gumbel-best">> = {
  choices: () => 1,
  states: () => stepState(),
  refusal: ({ rate, least }) =>
    rate >= 0 && least > 0
      ? undefined
      : `A temperature fell by ${rate} a step to ${least}, wanted 0 or more and above 0`,
  select(run) {
    const { g, spec: { rate, least }, shape, state, training } = run;
    const logits_TE = logitsOf(run);
    const noisy_TE = training
      ? g.map(
        "add",
        logits_TE,
        g.noise(nameInLayer(shape, "drawn expert"), "gumbel", g.shapeOf(logits_TE)),
      )
      : logits_TE;
    const heat = g.map("larger", g.map("exp", g.scale(state.step, -rate)), numberOf(g, least));
    const values = g.softmax(g.map("divide", noisy_TE, heat));
    return { ids: g.topK(noisy_TE, 1), values, state: progressOf(run).state };
  },
};
