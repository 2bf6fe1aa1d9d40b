/**
 * The derivatives and what they are held against, as a table.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import { recipeById } from "../gates/recipes.ts";
import { decoderProgram } from "../programs/decoder_program.ts";
import { depthsProgram } from "./depths.ts";
import { grownValues, isOld, lifelongProgram, seedProgram } from "./lifelong.ts";
import { plainGate } from "./plain_gate.ts";
import { isBase, promptedValues, promptsProgram } from "./prompts.ts";
import type { DerivativeRecipe, DerivativeStage } from "./recipe.ts";
import { sharedDepthProgram } from "./shared_depth.ts";
import { universalProgram } from "./universal.ts";

const control = { arxiv: null, section: "4.5", learns: "all" } as const;

const seed: DerivativeStage = {
  id: "half-mixture",
  program: seedProgram,
  learns: "old",
  values: grownValues,
};

const base: DerivativeStage = {
  id: "dense",
  program: (sizes) => decoderProgram(sizes),
  learns: "old",
  values: promptedValues,
};

/** Tokens of a short prompt. The long one has as many as all short ones together. */
const PROMPT = 2;

/** Prompts are trained with a rate so many times as high. */
const PROMPT_RATE = 2;

/** What derivatives are held against. */
export const derivativeControls: readonly DerivativeRecipe[] = [
  {
    ...control,
    id: "dense",
    name: "dense decoder",
    idea: "Blocks of attention and a dense network as wide as one expert.",
    program: (sizes) => decoderProgram(sizes),
  },
  {
    ...control,
    id: "mixture",
    name: "mixture of experts",
    idea: "Each block has experts of its own; a token has the best two.",
    program: (sizes) =>
      decoderProgram(sizes, {
        ...{ experts: { recipe: plainGate, count: sizes.experts }, steps: sizes.steps },
      }),
  },
  {
    ...control,
    id: "fine-tuned",
    name: "grown and fine-tuned",
    idea: "As many experts, begun alike, but nothing is frozen and nothing is kept near.",
    program: (sizes) => lifelongProgram(sizes, { weight: 0 }),
    learns: "new",
    before: seed,
    frozen: (name) => name.startsWith("teacher."),
  },
  {
    ...control,
    id: "one-prompt",
    name: "one prompt",
    idea: "One long prompt with as many numbers as all short ones, before a frozen model.",
    program: (sizes) => promptsProgram(sizes, { prompts: 1, promptLength: PROMPT * sizes.experts }),
    learns: "new",
    before: base,
    frozen: isBase,
    rate: PROMPT_RATE,
  },
];

/** The derivatives of the survey. */
export const derivativeRecipes: readonly DerivativeRecipe[] = [
  {
    id: "widenet",
    name: "WideNet",
    arxiv: "2107.11817",
    section: "4.5",
    idea: "One block of attention and experts serves all depths; only norms are each depth's own.",
    program: (sizes) => sharedDepthProgram(sizes),
    learns: "all",
    against: "mixture",
    unverified: { gate: "the best two by softmax, 0.01 times the auxiliary loss" },
  },
  {
    id: "sut",
    name: "SUT",
    arxiv: "2310.07096",
    section: "4.5",
    idea:
      "One block serves all depths, its attention heads and networks are experts, and a token that " +
      "has given all of its stick halts.",
    program: (sizes) => universalProgram(sizes),
    learns: "all",
    against: "mixture",
    unverified: {
      gate: "ModuleFormer's, for heads and for networks",
      depthWeight: "0.01 times the expected depth",
      "halt.bias": "begins at -1.5",
    },
  },
  {
    id: "mixture-of-tokens",
    name: "Mixture of Tokens",
    arxiv: "2310.15961",
    section: "4.5",
    idea: "Tokens of several sequences at one position are mixed into one for each expert, and " +
      "what it makes of the mixture is given back to them.",
    program: (sizes) =>
      decoderProgram(sizes, {
        experts: { recipe: recipeById("mixture-of-tokens"), count: sizes.experts },
      }),
    learns: "all",
    against: "mixture",
    unverified: { group: "4 sequences", temperature: "1" },
  },
  {
    id: "smop",
    name: "SMoP",
    arxiv: null,
    section: "4.5",
    idea: "Several short prompts before a frozen model; a gate over the input's mean embedding " +
      "picks one.",
    program: (sizes) => promptsProgram(sizes, { promptLength: PROMPT }),
    learns: "new",
    before: base,
    frozen: isBase,
    rate: PROMPT_RATE,
    against: "one-prompt",
    unverified: {
      gate: "the best one by softmax, normal noise of 1 / prompts, 0.01 times the auxiliary loss",
      input: "the first half of a sequence",
      promptLength: "2 tokens",
      rate: "2 times that of others",
    },
  },
  {
    id: "lifelong-moe",
    name: "Lifelong-MoE",
    arxiv: "2305.12281",
    section: "4.5",
    idea: "Experts are added for new text, old ones are frozen, and the outputs are kept near " +
      "those of the old model.",
    program: (sizes) => lifelongProgram(sizes),
    learns: "new",
    before: seed,
    frozen: isOld,
    against: "fine-tuned",
    unverified: {
      gate: "the best two by softmax, 0.01 times the auxiliary loss",
      weight: "1 times the divergence",
      experts: "as many new ones as there are old ones",
    },
  },
  {
    id: "mixture-of-depths",
    name: "Mixture of Depths",
    arxiv: "2404.02258",
    section: "4.5",
    idea: "A router in every other block lets the best tokens of a sequence through; the others " +
      "pass the block by.",
    program: (sizes) => depthsProgram(sizes),
    learns: "all",
    against: "dense",
    looksAhead:
      "In training a token competes with those after it; in use its own logit decides, which is " +
      "trained to tell whether it would be among the best.",
    unverified: {
      capacity: "0.125 of the tokens of a sequence, in every other block",
      weight: "the sigmoid of the router's logit",
      predictor: "the router itself; its cross-entropy counts 0.01",
    },
  },
];

/** A derivative, or a control, by its id; throws a UserError that names the nearest. */
export function derivativeById(id: string): DerivativeRecipe {
  const all = [...derivativeControls, ...derivativeRecipes];
  const found = all.find((recipe) => recipe.id === id);
  if (!found) throw unknownName("derivative", id, all.map((recipe) => recipe.id));
  return found;
}
