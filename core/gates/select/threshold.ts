/**
 * Choices of any number of experts: all whose score is above something, or simply all.
 *
 * @module
 */
import type { GateShape, GateTensor } from "../gate.ts";
import { countingIds, LOWEST, marks, numberOf, oneMinus, type SpecOf } from "../shorthand.ts";
import type { Selector, SelectRun } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { progressOf, stepState } from "./progress.ts";
import { logitsOf } from "./top_k.ts";

/** A mask [T, E], and where a token has no one, its best. */
function atLeastBest<A, I>({ g, shape }: SelectRun<A, I>, mask_TE: A, scores_TE: A): A {
  const nobody_T1 = oneMinus(g, g.largest(mask_TE));
  const best_TE = marks(g, g.topK(scores_TE, 1), shape.experts);
  return g.map("add", mask_TE, g.map("multiply", best_TE, nobody_T1));
}

/**
 * Every expert whose score is above the sigmoid of its own trained threshold; in evaluation at least
 * the best: DYNMoE, arXiv 2405.14297, section 3.1. What the weights are taken from is by how much.
 *
 * Where experts come and go (`training: { kind: "grow" }`), places that hold none are never chosen, and
 * states count what a review of the experts reads.
 */
export const topAnySelect: Selector<SpecOf<SelectSpec, "top-any">> = {
  choices: (_, { experts }) => experts,
  parameters: (_, { experts }) => ({ thresholds: { shape: [1, experts], init: "zeros" } }),
  states: (_, shape, { training }) => training?.kind === "grow" ? growStates(shape) : {},
  select(run) {
    const { g, w, training, state: { alive } } = run;
    const scores_TE = run.values ?? g.map("sigmoid", logitsOf(run));
    const margin_TE = g.map("subtract", scores_TE, g.map("sigmoid", w.thresholds));
    const above_TE = alive === undefined
      ? margin_TE
      : g.map("select", alive, margin_TE, numberOf(g, LOWEST));
    const mask_TE = g.map("positive", above_TE);
    const ids = g.where(training ? mask_TE : atLeastBest(run, mask_TE, above_TE));
    const counted = training && alive !== undefined;
    return { ids, values: above_TE, ...counted && { state: countedFor(run, mask_TE) } };
  },
};

/** Which places hold an expert, and what was counted since the last review. */
const growStates = ({ experts, dModel }: GateShape): Record<string, GateTensor> => ({
  alive: { shape: [1, experts], init: "ones" },
  wanted: { shape: [1, experts], init: "zeros" },
  without: { shape: [1, 1], init: "zeros" },
  missed: { shape: [1, dModel], init: "zeros" },
});

/** The counts with those of a batch: choices of each expert, tokens without one, and their sum. */
function countedFor<A, I>(
  { g, state, input }: SelectRun<A, I>,
  mask_TE: A,
): Record<string, A> {
  const nobody_T1 = oneMinus(g, g.largest(mask_TE));
  const missed_TD = g.map("multiply", g.detach(input.x), nobody_T1);
  return {
    wanted: g.map("add", state.wanted, g.sumColumns(mask_TE)),
    without: g.map("add", state.without, g.total(nobody_T1)),
    missed: g.map("add", state.missed, g.sumColumns(missed_TD)),
  };
}

/** Every expert whose logit is above 0: ReMoE, arXiv 2412.14711. */
export const aboveZeroSelect: Selector<SpecOf<SelectSpec, "above-zero">> = {
  choices: (_, { topK, experts }) => Math.min(topK, experts),
  select: (run) => ({ ids: run.g.where(logitsOf(run)) }),
};

/** From where to where EvoMoE's temperature goes, unless the recipe says otherwise. */
const ANNEALED = { from: 2, to: 0.3 };

/**
 * Every expert whose weight is above a threshold, and at least the best: EvoMoE's dense-to-sparse
 * gate, arXiv 2112.14397. While the softmax is hot all weights are above it.
 */
export const aboveSelect: Selector<SpecOf<SelectSpec, "above">> = {
  choices: (_, { experts }) => experts,
  states: ({ annealed }) => annealed ? stepState() : {},
  select(run) {
    const { g, spec } = run;
    const { from = ANNEALED.from, to = ANNEALED.to } = spec;
    let [logits, state] = [logitsOf(run), {}];
    if (spec.annealed) {
      const progress = progressOf(run);
      const heat = g.shift(g.scale(progress.done, Math.log(to / from)), Math.log(from));
      logits = g.map("divide", logits, g.map("exp", heat));
      state = progress.state;
    }
    const values = g.softmax(logits);
    const over = g.map("positive", g.map("subtract", values, numberOf(g, spec.threshold)));
    return { ids: g.where(atLeastBest(run, over, values)), values, scores: values, state };
  },
};

/** All experts: dense gates, arXiv 2407.06204, section 4.1.2. */
export const allSelect: Selector<SpecOf<SelectSpec, "all">> = {
  choices: (_, { experts }) => experts,
  select: ({ g, shape: { tokens, experts } }) => ({ ids: countingIds(g, [tokens, experts]) }),
};
