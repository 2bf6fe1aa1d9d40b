/**
 * Weights of the chosen experts. `values` [T, E] come from the logits, before the choice and without
 * regard to it; `weights` [T, K] from the values of the chosen.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import type { GateShape } from "../gate.ts";
import { numberOf, oneWithGradientOf, presence, shareOfRow, type SpecOf } from "../shorthand.ts";
import type { WeighSpec } from "./specs.ts";

/** What a weigher is given. */
export interface WeighRun<A, I, S extends WeighSpec = WeighSpec> {
  /** The language. */
  g: Arrays<A, I>;
  /** How to weigh. */
  spec: S;
  /** Sizes. */
  shape: GateShape;
  /** The chosen, [T, K], NONE for no one. */
  ids: I;
  /** Values [T, E], where there are any. */
  values?: A;
  /** Logits [T, E] of the values, where no token lacks an expert. */
  full?: A;
  /** What the choice gave along with itself, [T, K]. */
  weights?: A;
}

/** A way to weigh. */
export interface Weigher<S extends WeighSpec = WeighSpec> {
  /** What the weights are taken from; absent where logits do not matter. */
  values?<A, I>(g: Arrays<A, I>, logits: A): A;
  /** Whether rows of the values sum to 1. */
  shares?: boolean;
  /** Weights [T, K] of the chosen; 0 for NONE. */
  weights<A, I>(run: WeighRun<A, I, S>): A;
}

/** Values of the chosen, [T, K]. */
function taken<A, I>({ g, spec, ids, values }: WeighRun<A, I>): A {
  if (values === undefined) throw new RangeError(`Weights "${spec.kind}" found no scores`);
  return g.take(values, ids);
}

/**
 * Softmax over all experts, the K largest taken (GShard, Switch), or over the chosen alone (Shazeer
 * et al., Mixtral): survey, arXiv 2407.06204, section 4.4.1. Where some tokens lack an expert, the
 * second is the first divided by the sum of the chosen.
 */
export const softmaxWeights: Weigher<SpecOf<WeighSpec, "softmax">> = {
  values: (g, logits) => g.softmax(logits),
  shares: true,
  weights(run) {
    const { g, spec, ids, full } = run;
    if (spec.over === "all") return taken(run);
    return full === undefined ? shareOfRow(g, taken(run)) : g.softmax(g.take(full, ids));
  },
};

/** Sigmoid of each logit: BASE, X-MoE; divided by the sum of the chosen: DeepSeek-V3. */
export const sigmoidWeights: Weigher<SpecOf<WeighSpec, "sigmoid">> = {
  values: (g, logits) => g.map("sigmoid", logits),
  weights: (run) => run.spec.normalised ? shareOfRow(run.g, taken(run)) : taken(run),
};

/** ReLU of each logit: ReMoE, arXiv 2412.14711. */
export const reluWeights: Weigher<SpecOf<WeighSpec, "relu">> = {
  values: (g, logits) => g.map("relu", logits),
  weights: (run) => taken(run),
};

/** 1 with the gradient of the value; DYNMoE (arXiv 2405.14297) shares it among the chosen. */
export const straightThroughWeights: Weigher<SpecOf<WeighSpec, "straight-through">> = {
  values: (g, logits) => g.map("sigmoid", logits),
  weights(run) {
    const { g, ids, shape } = run;
    const present = presence(g, ids, shape.experts);
    const ones = g.map("multiply", oneWithGradientOf(g, taken(run)), present);
    if (!run.spec.averaged) return ones;
    return g.map("divide", ones, g.map("larger", g.sumRows(present), numberOf(g, 1)));
  },
};

/** 1 / K. */
export const equalWeights: Weigher<SpecOf<WeighSpec, "equal">> = {
  weights: ({ g, ids, shape }) =>
    g.scale(presence(g, ids, shape.experts), 1 / g.indexShapeOf(ids)[1]),
};

/** What the choice gave along with itself. */
export const chosenWeights: Weigher<SpecOf<WeighSpec, "chosen">> = {
  weights({ weights }) {
    if (weights === undefined) throw new RangeError('Weights "chosen" found a choice without any');
    return weights;
  },
};

/** Weighers by kind. */
export const weighers: { readonly [K in WeighSpec["kind"]]: Weigher<SpecOf<WeighSpec, K>> } = {
  softmax: softmaxWeights,
  sigmoid: sigmoidWeights,
  relu: reluWeights,
  "straight-through": straightThroughWeights,
  equal: equalWeights,
  chosen: chosenWeights,
};

/** The weigher of a spec. */
export function weigherOf(spec: WeighSpec): Weigher {
  return weighers[spec.kind] as Weigher;
}
