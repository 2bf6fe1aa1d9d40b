/**
 * Schemes that make experts of one dense model: survey, arXiv 2407.06204, section 4.4.1.
 *
 * @module
 */
import { recipeById } from "../../gates/recipes.ts";
import { isExpert } from "./branch_train_mix.ts";
import { madeModel, newWeights } from "./model_weights.ts";
import { type GroupedBy, moefication } from "./moefication.ts";
import { denseSpec, plainMoe } from "./networks.ts";
import type { SchemeRecipe } from "./recipe.ts";
import { isCore, residualExperts } from "./residual_experts.ts";
import { spawnExperts } from "./spawn.ts";
import { upcycle } from "./upcycle.ts";

const fromDense = { section: "4.4.1", from: "dense", sameAtStart: true } as const;

const parts = {
  ...fromDense,
  sameAtStart: false,
  whyNot: "parts that are not chosen are missing; with all of them it is the dense model",
} as const;

/** Experts where a scheme is not told. */
const EXPERTS = 4;

const cutBy = (by: GroupedBy, averaged = false): SchemeRecipe["apply"] => ([source], options) =>
  moefication(source, { ...options, experts: options.experts ?? EXPERTS, topK: 2, by, averaged });

const weighsAsOne = { weigh: "each chosen part has weight 1" };

/** Of a dense model. */
export const sparsifyingSchemes: readonly SchemeRecipe[] = [
  {
    ...fromDense,
    id: "sparse-upcycling",
    name: "Sparse Upcycling",
    arxiv: "2212.05055",
    idea: "Copies of a trained network are the experts, weights as a softmax over all gives them.",
    ...{ sameAtStart: false, whyNot: "the weights of the best two sum to less than 1" },
    apply([source], { seed, experts = EXPERTS }) {
      const recipe = recipeById("sparse-upcycling-decoder");
      return { ...upcycle(source, { experts, topK: 2, seed, recipe }), recipe };
    },
    unverified: { layers: "all become mixtures; the work takes half of them" },
  },
  {
    ...fromDense,
    id: "sparse-upcycling-normalised",
    name: "Sparse Upcycling, weights summing to 1",
    arxiv: "2212.05055",
    idea: "As sparse upcycling, with weights divided by their sum: nothing changes at first.",
    apply: ([source], { seed, experts = EXPERTS }) => upcycle(source, { experts, topK: 2, seed }),
    unverified: { layers: "all become mixtures; the work takes half of them" },
  },
  {
    ...fromDense,
    ...{ id: "drop-upcycling", name: "Drop-Upcycling", arxiv: "2502.19261", section: "later" },
    idea: "Copies of a trained network of which other units begin anew in each.",
    ...{ sameAtStart: false, whyNot: "half of each expert's units begin anew" },
    apply: ([source], { seed, experts = EXPERTS }) =>
      upcycle(source, { experts, topK: 2, seed, renewed: 0.5 }),
    unverified: { renewed: "half of the units, with the mean and deviation of their matrix" },
  },
  {
    ...fromDense,
    ...{ id: "moe-llava", name: "MoE-LLaVA", arxiv: "2401.15947" },
    idea: "Copies of a trained network; the layers with experts alone are trained on.",
    apply: ([source], { seed, experts = EXPERTS }) => upcycle(source, { experts, topK: 2, seed }),
    frozen: (name) => !isExpert(name) && !/\.(gate|moe)\./.test(name),
  },
  {
    ...parts,
    ...{ id: "moefication", name: "MoEfication, clusters", arxiv: "2110.01786" },
    idea: "Hidden units that read alike become an expert.",
    apply: cutBy("clusters"),
    unverified: { ...weighsAsOne, clusters: "equal k-means of the gate matrix's columns" },
  },
  {
    ...parts,
    ...{ id: "moefication-graph", name: "MoEfication, co-activation", arxiv: "2110.01786" },
    asks: "activations",
    idea: "Hidden units that are active together become an expert.",
    apply: cutBy("co-activation"),
    unverified: { ...weighsAsOne, cut: "groups grow from their most connected unit, then swap" },
  },
  {
    ...parts,
    ...{ id: "llama-moe", name: "LLaMA-MoE", arxiv: "2406.16554" },
    idea: "Hidden units at random become an expert; the model is then trained on.",
    apply: cutBy("random"),
    unverified: { ...weighsAsOne, gate: "linear; the work adds noise" },
  },
  {
    ...parts,
    ...{ id: "moebert", name: "MoEBERT", arxiv: "2204.07675" },
    idea: "The most important hidden units are in every expert, the others in one each.",
    ...{ whyNot: "units that are in other experts, or in none, are missing" },
    apply: ([source], options) =>
      moefication(source, {
        ...{ ...options, experts: options.experts ?? EXPERTS, topK: 1, by: "importance" },
      }),
    unverified: {
      ...{ ...weighsAsOne, common: "half of an expert's units" },
      ...{ importance: "the size of a unit's weights", gate: "linear, one expert a token" },
    },
  },
  {
    ...parts,
    ...{ id: "emoe", name: "EMoE", arxiv: "2310.10908" },
    idea: "Clustered units, scored by the mean of what they read, become a dense network again.",
    apply: cutBy("clusters", true),
    unverified: { ...weighsAsOne, gate: "the mean of the gate matrix's columns" },
  },
  {
    ...parts,
    ...{ id: "smoe-dropout", name: "SMoE-Dropout", arxiv: "2303.01610" },
    idea:
      "A network in parts behind a random gate that is never trained; more and more are chosen.",
    whyNot: "parts are weighed by a softmax, and do not sum to the network",
    apply: ([source], { seed, experts = EXPERTS }) =>
      moefication(source, {
        ...{ experts, topK: 2, seed, by: "neighbours", recipe: recipeById("smoe-dropout") },
      }),
    unverified: { "select.k": "2; it grows evenly in the course of the training" },
  },
  {
    ...fromDense,
    ...{ id: "rmoe", name: "RMoE", arxiv: "2204.09636" },
    idea: "The trained network stays for all tokens, experts learn what is missing beside it.",
    apply: ([source], { seed, experts = EXPERTS }) => {
      const { width } = denseSpec(source.model, "add residual experts to");
      return residualExperts(source, {
        ...{ experts, topK: 2, seed, width: Math.max(1, Math.floor(width / experts)) },
      });
    },
    frozen: isCore,
    unverified: { core: "frozen", experts: "small; their down matrices begin at 0" },
  },
  {
    ...fromDense,
    ...{ id: "evomoe", name: "EvoMoE", arxiv: "2112.14397" },
    idea: "Diverse experts of one trained network; the gate goes from all of them to few.",
    ...{ sameAtStart: false, whyNot: "a tenth of each expert's weights is 0" },
    apply([source], { seed, experts = EXPERTS }) {
      const recipe = recipeById("evomoe");
      return { ...spawnExperts(source, { experts, topK: 1, seed, recipe, masked: 0.1 }), recipe };
    },
    unverified: {
      masked: "0.1 of the weights",
      gate: "Gumbel noise; a temperature of 2 falls to 0.3, experts below 0.1 are left out",
    },
  },
  {
    ...{ id: "ds-moe", name: "DS-MoE", arxiv: "2404.05567", section: "4.4.1", from: "sizes" },
    idea: "All experts are trained for each token; in use few are chosen.",
    ...{ sameAtStart: false, whyNot: "experts begin anew" },
    apply([{ model }], { seed, experts = EXPERTS }) {
      const recipe = recipeById("ds-moe-dense");
      const ffn = denseSpec(model, "give experts to");
      const target = madeModel(model, "ds-moe", { moe: plainMoe({ ...ffn, experts, topK: 2 }) });
      return { ...newWeights(target, { seed, recipe }), recipe };
    },
    use: "ds-moe",
    unverified: { "use.select.k": "2" },
  },
];
