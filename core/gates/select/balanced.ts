/**
 * Choices that see a batch as a whole (assignment, transport), or that are drawn.
 *
 * @module
 */
import { nameInLayer, type SpecOf } from "../shorthand.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf, tooMany } from "./top_k.ts";

/**
 * In training each expert gets the same number of tokens, with the largest sum of scores; afterwards
 * each token its best: BASE, arXiv 2103.16716.
 */
export const assignmentSelect: Selector<SpecOf<SelectSpec, "assignment">> = {
  choices: () => 1,
  full: true,
  select(run) {
    const { g, training } = run;
    const logits_TE = logitsOf(run);
    return { ids: training ? g.assignEqually(logits_TE) : g.topK(logits_TE, 1) };
  },
};

/**
 * In training the best of a transport plan whose columns have equal sums, afterwards of the scores:
 * S-BASE, arXiv 2202.01169. The plan comes by scaling rows and columns in turn (Sinkhorn); it has no
 * gradient. It ends with a scaling of columns: scaling a row does not move its best.
 */
export const sinkhornSelect: Selector<SpecOf<SelectSpec, "sinkhorn">> = {
  choices: ({ k }) => k,
  full: true,
  refusal: ({ k }, { experts }) => tooMany(k, experts, "experts"),
  select(run) {
    const { g, spec, training, shape: { tokens, experts } } = run;
    const logits_TE = logitsOf(run);
    if (!training) return { ids: g.topK(logits_TE, spec.k) };
    let plan_TE = g.softmax(g.scale(g.detach(logits_TE), 1 / spec.temperature));
    for (let i = 0; i < spec.iterations; i++) {
      if (i > 0) plan_TE = g.map("divide", plan_TE, g.sumRows(plan_TE));
      const columns_1E = g.scale(g.sumColumns(plan_TE), experts / tokens);
      plan_TE = g.map("divide", plan_TE, columns_1E);
    }
    return { ids: g.topK(plan_TE, spec.k) };
  },
};

/**
 * k drawn from the softmax without putting back, by Gumbel noise; in evaluation the k best. The
 * log-probability is the sum of the log-probabilities of the drawn, exact where k is 1.
 */
export const sampleSelect: Selector<SpecOf<SelectSpec, "sample">> = {
  choices: ({ k }) => k,
  full: true,
  refusal: ({ k }, { experts }) => tooMany(k, experts, "experts"),
  select(run) {
    const { g, spec: { k }, training, shape } = run;
    const logits_TE = logitsOf(run);
    const draw = () =>
      g.map(
        "add",
        logits_TE,
        g.noise(nameInLayer(shape, "draw"), "gumbel", [shape.tokens, shape.experts]),
      );
    const ids = g.topK(training ? draw() : logits_TE, k);
    const drawn_T1 = g.sumRows(g.take(logits_TE, ids));
    const all_T1 = g.scale(g.logSumExp(logits_TE), k);
    return { ids, logProbability: g.map("subtract", drawn_T1, all_T1) };
  },
};
