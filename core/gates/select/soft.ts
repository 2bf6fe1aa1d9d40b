/**
 * Soft choices that mix tokens (survey, section 4.1.3): what an expert reads is a weighted sum of
 * tokens, so that nothing is chosen, nothing dropped, and everything has a gradient.
 *
 *     slots    of one sequence: Soft MoE, arXiv 2308.00951; no causal decoder
 *     across   of several sequences at one position: mixture of tokens, arXiv 2310.15961
 *
 * @module
 */
import type { GateShape } from "../gate.ts";
import { countingIds, type SpecOf } from "../shorthand.ts";
import { fanIn } from "../score/run.ts";
import type { Selector } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf } from "./top_k.ts";

/**
 * Slots: mix is a softmax over the tokens of a sequence, combine one over all slots. Tokens and
 * slots have length 1 where `normalised`, and their products a trained scale: section 2.3.
 */
export const slotsSelect: Selector<SpecOf<SelectSpec, "slots">> = {
  choices: (_, { experts }) => experts,
  parameters: ({ perExpert, normalised }, { dModel, experts }) => ({
    slots: fanIn(dModel, experts * perExpert),
    ...(normalised ? { slot_scale: { shape: [1, 1], init: "ones" } as const } : {}),
  }),
  refusal: ({ perExpert }) =>
    Number.isInteger(perExpert) && perExpert >= 1
      ? undefined
      : `Experts were given ${perExpert} slots each, wanted at least 1`,
  select({ g, w, input, shape, spec: { perExpert, normalised } }) {
    const { tokens, length, experts } = shape;
    const unit_TS = () =>
      g.product(g.unit(input.x), g.unit(g.transpose(w.slots)), { transpose: "b" });
    const logits_TS = normalised
      ? g.map("multiply", unit_TS(), w.slot_scale)
      : g.product(input.x, w.slots);
    const mix_ST = g.softmax(g.transpose(logits_TS), { parts: tokens / length });
    const combine = g.softmax(logits_TS);
    const dispatch = {
      ...{ kind: "slots", mix: g.transpose(mix_ST), combine, length, perExpert } as const,
    };
    const shares_RP = g.reshape(combine, [tokens * experts, perExpert]);
    return { dispatch, scores: g.reshape(g.sumRows(shares_RP), [tokens, experts]) };
  },
};

/** The largest number of sequences, `group` at most, that the batch divides into. */
function groupOf(group: number, { tokens, length }: GateShape): number {
  const sequences = tokens / length;
  let size = Math.max(1, Math.min(Math.floor(group), sequences));
  while (sequences % size !== 0) size--;
  return size;
}

/**
 * One mixed token for each expert, each position and each group of sequences; what an expert makes
 * of it goes back to the same tokens with the same weights. Slot e L + p is that of expert e at
 * position p, and a token reads and fills those of its own position alone.
 */
export const acrossSelect: Selector<SpecOf<SelectSpec, "across">> = {
  choices: (_, { experts }) => experts,
  refusal: ({ group }) =>
    group >= 1 ? undefined : `Tokens of ${group} sequences were mixed, wanted 1 at least`,
  select(run) {
    const { g, spec: { group, temperature = 1 }, shape } = run;
    const { tokens, length, experts } = shape;
    const sequences = tokens / length;
    const size = groupOf(group, shape);
    const logits_TE = g.scale(logitsOf(run), 1 / temperature);
    // Sequences side by side, so that a softmax sees what lies at one position.
    const across_PN = g.transpose(g.reshape(logits_TE, [sequences, length * experts]));
    const shares_PN = g.softmax(across_PN, { parts: sequences / size });
    const weights_TE = g.reshape(g.transpose(shares_PN), [tokens, experts]);

    const positions_TE = g.indices(
      `positions ${tokens} of ${length} by ${experts}`,
      [tokens, experts],
      () =>
        Uint32Array.from({ length: tokens * experts }, (_, i) => Math.floor(i / experts) % length),
    );
    const slots_TE = g.affine(countingIds(g, [tokens, experts]), {
      ...{ times: length, plus: positions_TE },
    });
    const mix = g.put(weights_TE, slots_TE, length * experts);
    return {
      dispatch: { kind: "slots", mix, combine: mix, length: size * length, perExpert: length },
      scores: g.scale(weights_TE, 1 / experts),
    };
  },
};
