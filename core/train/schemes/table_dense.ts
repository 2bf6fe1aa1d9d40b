/**
 * Schemes that make a model with fewer experts, or a dense one, of experts: survey, arXiv 2407.06204,
 * section 4.4.2.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { studentOf } from "./distil.ts";
import { gatherExperts, type Gathering } from "./gather.ts";
import { type ExpertCounts, keepOneExpert, pruneExperts } from "./prune.ts";
import type { SchemeOptions, SchemeRecipe } from "./recipe.ts";
import { shareExperts } from "./share_experts.ts";
import { dropBlocks, slimExperts } from "./slim.ts";

const fromSparse = { section: "4.4.2", from: "sparse", sameAtStart: true } as const;

const ones = { ...fromSparse, arxiv: "2201.10890" } as const;

const by = (gathering: Gathering): SchemeRecipe["apply"] => ([source]) =>
  gatherExperts(source, gathering);

function countsOf({ counts }: SchemeOptions): ExpertCounts {
  if (counts) return counts;
  throw new UserError(
    "Cannot prune experts: found no counts of their use, wanted those of an evaluation",
  );
}

/** Experts of the layer that has most of them above half of an even share of the choices. */
function wellUsed(counts: ExpertCounts): number {
  const ofLayer = (own: ArrayLike<number>) => {
    const all = Array.from(own);
    const even = all.reduce((a, b) => a + b, 0) / all.length;
    return all.filter((count) => count > even / 2).length;
  };
  return Math.max(1, ...counts.map(ofLayer));
}

/** Of a model with routed experts. */
export const densifyingSchemes: readonly SchemeRecipe[] = [
  {
    ...ones,
    ...{ id: "ones-sum", name: "OneS, sum" },
    idea: "The weights of all experts are added.",
    ...{ sameAtStart: false, whyNot: "the sum of equal matrices is a multiple of one" },
    apply: by({ kind: "sum" }),
  },
  {
    ...ones,
    ...{ id: "ones-average", name: "OneS, average" },
    idea: "The weights of all experts are averaged.",
    apply: by({ kind: "average" }),
  },
  {
    ...ones,
    ...{ id: "ones-top-k", name: "OneS, Top-K Knowledge Gathering" },
    idea: "The largest units of each expert stand side by side.",
    ...{ sameAtStart: false, whyNot: "each expert gives a part of its units alone" },
    apply: by({ kind: "top-k" }),
    unverified: { size: "the length of what a unit reads times that of what it writes" },
  },
  {
    ...ones,
    ...{ id: "ones-svd", name: "OneS, SVD Knowledge Gathering" },
    idea: "Of each expert's matrices the largest singular values are kept, then all are added.",
    ...{ sameAtStart: false, whyNot: "small singular values are left out, large ones added" },
    apply: by({ kind: "svd" }),
    unverified: { rank: "the full rank divided by the experts" },
  },
  {
    ...fromSparse,
    ...{ id: "moe-pruning", name: "MoE-Pruning", arxiv: "2206.00277" },
    asks: "counts",
    idea: "Experts that are used little are dropped until one of each layer is left, dense.",
    apply: ([source], options) => keepOneExpert(source, { counts: countsOf(options) }),
    unverified: { course: "dropped at once; the work drops them while it fine-tunes" },
  },
  {
    ...fromSparse,
    ...{ id: "expert-trimming", name: "Expert Trimming", arxiv: "2406.02500" },
    asks: "counts",
    idea: "Half of the experts, those that are used least, are dropped.",
    apply([source], options) {
      const counts = countsOf(options);
      const keep = Math.ceil((source.model.moe?.experts ?? 0) / 2);
      return pruneExperts(source, { keep, counts });
    },
    unverified: { keep: "half of the experts" },
  },
  {
    ...fromSparse,
    ...{ id: "moduleformer", name: "ModuleFormer, pruned for a task", arxiv: "2306.04640" },
    asks: "counts",
    idea: "Experts that a task's tokens hardly use are dropped.",
    apply([source], options) {
      const counts = countsOf(options);
      return pruneExperts(source, { keep: wellUsed(counts), counts });
    },
    unverified: {
      keep: "above half of an even share; as many in all layers as where they are most",
    },
  },
  {
    ...fromSparse,
    ...{ id: "block-trimming", name: "Expert Trimming, blocks", arxiv: "2406.02500" },
    idea: "A quarter of the blocks, those that change their input least, are dropped.",
    ...{ sameAtStart: false, whyNot: "what the dropped blocks did is missing" },
    asks: "similarities",
    apply([source], { similarities }) {
      if (!similarities) {
        throw new UserError(
          "Cannot drop blocks: found no similarities of their inputs and outputs, wanted those of a run",
        );
      }
      const drop = Math.min(source.model.layers - 1, Math.ceil(source.model.layers / 4));
      return dropBlocks(source, { drop, similarities });
    },
    unverified: { drop: "a quarter of the blocks", similarity: "the cosine of input and output" },
  },
  {
    ...fromSparse,
    ...{ id: "expert-slimming", name: "Expert Slimming", arxiv: "2406.02500" },
    idea: "Half of each expert's weights, the smallest, are set to 0.",
    ...{ sameAtStart: false, whyNot: "half of each expert's weights is 0" },
    apply: ([source]) => slimExperts(source, { share: 0.5 }),
    unverified: { share: "half of the weights, by their size; the work prunes and quantises" },
  },
  {
    ...fromSparse,
    ...{ id: "ewa", name: "Experts Weight Averaging", arxiv: "2308.06093" },
    idea: "Experts are drawn together while they are trained, and averaged in the end.",
    apply: ([source]) => gatherExperts(shareExperts(source, { share: 0.1 }), { kind: "average" }),
    unverified: { share: "0.1 of the way to the mean of the others; it grows in the work" },
  },
  {
    ...fromSparse,
    ...{ id: "switch-distillation", name: "Switch Transformer, distillation", arxiv: "2101.03961" },
    idea:
      "A dense student with the teacher's weights outside its experts learns from it and the text.",
    ...{ sameAtStart: false, whyNot: "the student's networks begin anew" },
    apply: ([source], { seed }) => studentOf(source, { seed }),
  },
];
