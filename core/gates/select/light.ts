/**
 * A light router that learns from the scores where each token id goes, and then sends it there for
 * good: StableMoE, arXiv 2204.08396. The share of the training that teaches it is the recipe's
 * `training: { kind: "stages" }`; after it neither it nor the losses move any more.
 *
 * @module
 */
import { fanIn } from "../score/run.ts";
import { oneMinus, type SpecOf } from "../shorthand.ts";
import { distillation } from "../training/stages.ts";
import { progressOf, stepState } from "./progress.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf } from "./top_k.ts";

/** The best by the scores while they teach, by the light router afterwards. */
export const lightSelect: Selector<SpecOf<SelectSpec, "light">> = {
  choices: () => 1,
  full: true,
  parameters: ({ width }, { vocabulary, experts }) => ({
    light_embedding: { shape: [vocabulary, width], init: { normal: 1 } },
    light_router: fanIn(width, experts),
  }),
  states: () => stepState(),
  refusal: (_, { vocabulary }) =>
    vocabulary < 1
      ? `A router on token ids found a vocabulary of ${vocabulary}, wanted at least 1 id`
      : undefined,
  select(run) {
    const { g, w, input, recipe, training } = run;
    const share = recipe.training?.kind === "stages" ? recipe.training.share : 0;
    const { done, state } = progressOf(run);
    // Half a millionth less, so that the step at which the share is full belongs to the student.
    const student = g.map("positive", g.shift(done, 5e-7 - share));
    const light_TE = g.product(g.lookUp(w.light_embedding, input.tokens), w.light_router);
    const logits_TE = logitsOf(run);
    const ids = g.topK(g.map("select", student, light_TE, logits_TE), 1);
    if (!training) return { ids };
    const lossFactor = oneMinus(g, student);
    const taught = distillation(g, { light_TE, chosen_T1: g.topK(logits_TE, 1) });
    const value = g.map("multiply", taught, lossFactor);
    return { ids, state, lossFactor, losses: [{ name: "distillation", value }] };
  },
};
