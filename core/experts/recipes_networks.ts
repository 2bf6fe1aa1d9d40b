/**
 * Experts that stand in for the network of a block: the activations of section 4.2.3 of the survey
 * (arXiv 2407.06204), sizes of 4.2.2, and what goes beside them, 4.2.4.
 *
 * @module
 */
import { recipeById } from "../gates/recipes.ts";
import type { Activation } from "../spec/activation.ts";
import type { ExpertRecipe } from "./recipe.ts";
import type { BesideSpec, MixSpec } from "./specs.ts";

const swiglu: Activation = "swiglu";

const network = {
  section: "4.2.4",
  where: "network",
  routed: { kind: "network", activation: swiglu },
} as const;

const sharedBy = (mix: MixSpec, count = 1, times = 1): BesideSpec => ({
  ...{ kind: "shared", count, activation: swiglu, mix },
  ...times !== 1 && { times },
});

/** A network with one activation behind the gate of Mixtral. */
function activationRow(
  activation: Activation,
  own: Pick<ExpertRecipe, "name" | "arxiv" | "idea">,
): ExpertRecipe {
  return {
    ...{ ...network, ...own, id: `ffn-${activation}`, section: "4.2.3" },
    ...{ gate: recipeById("mixtral"), routed: { kind: "network", activation } },
  };
}

/** See the module. */
export const networkRecipes: readonly ExpertRecipe[] = [
  activationRow("relu", {
    name: "Networks with ReLU",
    arxiv: "2101.03961",
    idea: "Two matrices, and a unit that is off below 0.",
  }),
  activationRow("gelu", {
    name: "Networks with GeLU",
    arxiv: "1606.08415",
    idea: "Two matrices, and a unit that counts by the normal share below it.",
  }),
  activationRow("geglu", {
    name: "Networks with GeGLU",
    arxiv: "2002.05202",
    idea: "Three matrices: GeLU of one product gates another.",
  }),
  activationRow("swiglu", {
    name: "Networks with SwiGLU",
    arxiv: "2002.05202",
    idea: "Three matrices: SiLU of one product gates another.",
  }),
  {
    ...network,
    ...{ id: "experts-fine-grained", name: "DeepSeekMoE, fine-grained", arxiv: "2401.06066" },
    ...{ section: "4.2.2", gate: recipeById("deepseek-moe"), cut: 2 },
    idea: "Each expert is cut into narrower ones, and a token uses as many more of them.",
    unverified: { cut: "2, for a small model", "gate.select.k": "4" },
  },
  {
    ...network,
    ...{ id: "experts-peer", name: "PEER", arxiv: "2407.04153", section: "4.2.2" },
    idea: "Experts of one hidden unit, found among a great many by product keys.",
    ...{ gate: recipeById("peer"), many: 16, routed: { kind: "neuron", activation: "gelu" } },
    unverified: {
      many: "16 for each expert of other kinds, for a small model",
      "routed.activation": "gelu",
      "gate": "without a norm of queries",
    },
  },
  {
    ...network,
    ...{ id: "experts-zero", name: "MoE++", arxiv: "2410.07348", section: "later" },
    idea: "Beside networks there are experts that give nothing, the token, or a constant.",
    ...{ gate: recipeById("moe-plus-plus"), many: 2 },
    unverified: {
      many: "2, so that networks are left",
      "gate.zeroExperts": "1 zero, 1 copy, 2 constant experts, for a small model",
    },
  },
  {
    ...network,
    ...{ id: "experts-shared", name: "DeepSeekMoE, shared", arxiv: "2401.06066" },
    idea: "Shared experts take what all tokens need.",
    ...{ gate: recipeById("deepseek-moe"), cut: 2, beside: sharedBy({ kind: "sum" }, 1) },
    unverified: { cut: "2, for a small model", "gate.select.k": "4" },
  },
  {
    ...network,
    ...{ id: "experts-shared-gated", name: "Qwen1.5-MoE", arxiv: null },
    idea: "A sigmoid of the token scales what the shared experts give.",
    ...{ gate: recipeById("qwen1.5-moe"), cut: 2, beside: sharedBy({ kind: "gated" }, 2) },
    unverified: { "beside.mix": "a sigmoid gate", cut: "2, for a small model" },
  },
  {
    ...network,
    ...{ id: "experts-residual", name: "DeepSpeed-MoE, residual", arxiv: "2201.05596" },
    idea: "One expert corrects a fixed network: two for what one costs to send.",
    ...{ gate: recipeById("deepspeed-moe"), beside: sharedBy({ kind: "sum" }) },
  },
  {
    ...network,
    ...{ id: "experts-cmr", name: "NLLB, conditional routing", arxiv: "2207.04672" },
    idea: "A gate chooses between a dense network and the experts, within a budget.",
    gate: recipeById("nllb"),
    beside: sharedBy({ kind: "conditional", share: 0.8, weight: 0.1 }, 1),
    unverified: {
      "beside.mix": "(1 - g) shared + g routed, g a sigmoid of the token",
      "beside.mix.share": "0.8",
      "beside.mix.weight": "0.1",
    },
  },
  {
    ...network,
    ...{ id: "experts-universal", name: "MoCLE, universal expert", arxiv: "2312.12379" },
    idea:
      "The cluster of an instruction has an expert; what its weight leaves goes to one for all.",
    ...{ gate: recipeById("mocle"), beside: sharedBy({ kind: "rest" }) },
    unverified: { "beside.mix": "1 less the largest weight" },
  },
  {
    ...network,
    ...{ id: "experts-arctic", name: "Arctic, dense and experts", arxiv: null },
    idea: "A dense network, and experts that read what the layer before left, at the same time.",
    gate: recipeById("arctic"),
    ...{ reads: "output", beside: sharedBy({ kind: "sum" }, 1, 2) },
    unverified: { reads: "the layer's input", "beside.times": "2" },
  },
  {
    ...network,
    ...{ id: "experts-shortcut", name: "ScMoE", arxiv: "2404.05019" },
    idea: "Routed experts read the layer before, so that tokens travel while attention computes.",
    gate: recipeById("switch"),
    ...{ reads: "middle", beside: sharedBy({ kind: "sum" }) },
  },
  {
    ...network,
    ...{ id: "experts-partial", name: "PAD-Net", arxiv: "2211.05528" },
    idea: "Of the experts' weights those of little impact become one for all.",
    gate: recipeById("mixtral"),
    routed: { kind: "partial", activation: swiglu },
    training: { kind: "partial", every: 10, share: 0.5 },
    unverified: { training: "every 10 steps, until a half is static, by |weight x gradient|" },
  },
  {
    ...network,
    ...{ id: "experts-hyper", name: "HyperMoE", arxiv: "2402.12656" },
    idea: "A hypernetwork makes a small expert of those that a token did not choose.",
    gate: recipeById("mixtral"),
    beside: { kind: "hyper", embedding: 8, hidden: 16, rank: 4 },
    unverified: {
      "beside.embedding": "8",
      "beside.hidden": "16",
      "beside.rank": "4",
      "beside": "the mean of the unchosen embeddings; a hypernetwork for each layer",
    },
  },
];
