/**
 * Soft choices that mix parameters (survey, section 4.1.3): the experts are averaged into one by the
 * gate's weights, and the tokens go through that one. The cost is that of one expert and of the
 * averaging, which is the less the more tokens share an average.
 *
 *     over sequences   SMEAR (arXiv 2306.03745); MEO merges the best k (arXiv 2310.09832)
 *     over segments    Lory (arXiv 2405.03133): each by the segment before it
 *     by kinds         Omni-SMoLA (arXiv 2312.00968): experts for each kind of token, and for all
 *
 * @module
 */
import { NONE } from "../../arrays/arrays.ts";
import type { GateShape } from "../gate.ts";
import { countingIds, numberOf, type SpecOf } from "../shorthand.ts";
import type { Selector, SelectRun } from "./run.ts";
import type { SelectSpec } from "./specs.ts";
import { logitsOf, tooMany } from "./top_k.ts";

type MergeSpec = SpecOf<SelectSpec, "merge">;

/** Segments that a sequence has at least where the first of them sees itself. */
const SEGMENTS = 4;

/**
 * Tokens of a segment: the largest divisor of a sequence that is not above `length`, nor, in a
 * causal gate, above a quarter of the sequence: else few tokens would be routed by others.
 */
export function segmentLength(
  { over, length: wanted, causal }: SpecOf<SelectSpec, "merge">,
  { length }: Pick<GateShape, "length">,
): number {
  if (over === "sequence") return length;
  const most = Math.min(wanted ?? length, causal ? length / SEGMENTS : length);
  let fitting = Math.max(1, Math.floor(most));
  while (length % fitting !== 0) fitting--;
  return fitting;
}

/** One merged expert for each sequence or segment. */
export const mergeSelect: Selector<MergeSpec> = {
  choices: (_, { experts }) => experts,
  refusal({ over, k, length, causal }, { experts }) {
    if (over === "sequence" && causal) {
      return "Experts were merged by what a whole sequence says, in a causal way; " +
        'wanted segments, over: "segment"';
    }
    if (length !== undefined && !(length >= 1)) {
      return `Segments of ${length} tokens were merged, wanted 1 at least`;
    }
    return k === undefined ? undefined : tooMany(k, experts, "experts");
  },
  select(run) {
    const { g, spec } = run;
    const length = segmentLength(spec, run.shape);
    // The mean of linear scores is the score of the mean token.
    const own_SE = g.segmentMeans(logitsOf(run), length);
    const logits_SE = spec.causal ? bySegmentBefore(run, { own_SE, length }) : own_SE;
    const weights = spec.k === undefined
      ? g.softmax(logits_SE)
      : softBest(run, { logits_SE, k: spec.k });
    return {
      dispatch: { kind: "merged", weights, length },
      scores: g.repeatRows(weights, length),
    };
  },
};

/** A softmax over the best k, 0 for the others: [S, E]. */
function softBest<A, I>(
  { g, shape: { experts } }: SelectRun<A, I, MergeSpec>,
  { logits_SE, k }: { logits_SE: A; k: number },
): A {
  const ids = g.topK(logits_SE, k);
  return g.put(g.softmax(g.take(logits_SE, ids)), ids, experts);
}

/** Logits of the segment before; the first of a sequence has its own, held fixed, or zeros. */
function bySegmentBefore<A, I>(
  { g, spec: { first = "own" }, shape }: SelectRun<A, I, MergeSpec>,
  { own_SE, length }: { own_SE: A; length: number },
): A {
  const segments = shape.tokens / length;
  const inSequence = shape.length / length;
  const name = `segments ${segments} of ${inSequence}`;
  const isFirst = (s: number) => s % inSequence === 0;
  const each = (of: (s: number) => number) => Array.from({ length: segments }, (_, s) => of(s));
  const before_S1 = g.indices(
    `${name} before`,
    [segments, 1],
    () => each((s) => isFirst(s) ? NONE : s - 1),
  );
  const before_SE = g.lookUp(own_SE, before_S1);
  if (first === "even") return before_SE;
  const first_S1 = g.constant(
    `${name} first`,
    [segments, 1],
    () => each((s) => isFirst(s) ? 1 : 0),
  );
  return g.map("add", before_SE, g.map("multiply", g.detach(own_SE), first_S1));
}

/** Sets of experts of equal size; the experts left over belong to the set for all. */
function setOf(expert: number, { kinds, experts }: { kinds: number; experts: number }): number {
  return Math.min(kinds, Math.floor(expert / Math.floor(experts / (kinds + 1))));
}

/** The soft experts of a token's kind, and those for all. */
export const kindsSelect: Selector<SpecOf<SelectSpec, "kinds">> = {
  choices: (_, { experts }) => experts,
  refusal({ kinds }, { experts, tags }) {
    if (tags < 1) return `Kinds of tokens found ${tags} tags, wanted at least 1`;
    return tooMany(kinds, experts - 1, "kinds beside the set for all");
  },
  select(run) {
    const { g, spec: { kinds }, input, shape: { tokens, experts, tags } } = run;
    const logits_TE = logitsOf(run);
    const sets = kinds + 1;
    const inSet = g.constant(
      `experts ${experts} of ${sets} sets`,
      [experts, sets],
      () =>
        Array.from(
          { length: experts * sets },
          (_, i) => setOf(Math.floor(i / sets), { kinds, experts }) === i % sets ? 1 : 0,
        ),
    );
    const ofKind = g.constant(
      `experts ${experts} of ${kinds} kinds by ${tags} tags`,
      [tags, experts],
      () =>
        Array.from({ length: tags * experts }, (_, i) => {
          const set = setOf(i % experts, { kinds, experts });
          return set === kinds || set === Math.floor(i / experts) % kinds ? 1 : 0;
        }),
    );
    // A softmax in each set, held in range by the largest of all.
    const exp_TE = g.map("exp", g.map("subtract", logits_TE, g.detach(g.largest(logits_TE))));
    const sums_TE = g.product(g.product(exp_TE, inSet), inSet, { transpose: "b" });
    const mask_TE = g.lookUp(ofKind, input.tags);
    const held_TE = g.map("larger", sums_TE, numberOf(g, 1e-30));
    const weights_TE = g.map("multiply", g.map("divide", exp_TE, held_TE), mask_TE);
    const ids = g.keep(countingIds(g, [tokens, experts]), mask_TE);
    return { ids, weights: g.take(weights_TE, ids), scores: g.scale(weights_TE, 1 / 2) };
  },
};
