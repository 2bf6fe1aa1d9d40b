/**
 * Applications and what they are held against, as a table. Domains of language, the application that
 * most works are about, are where gates are compared: experiment `gates`.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { recipeById } from "../gates/recipes.ts";
import { multimodalProgram, multimodalTask } from "./multimodal.ts";
import { recommendationTask } from "./ratings.ts";
import type { ApplicationRecipe, ApplicationTask } from "./recipe.ts";
import {
  gatePerTaskProgram,
  progressiveProgram,
  sharedBottomProgram,
  singleTaskProgram,
} from "./recommendation.ts";
import { visionProgram, visionTask } from "./vision.ts";

/** The tasks. */
export const applicationTasks: readonly ApplicationTask[] = [
  visionTask,
  recommendationTask,
  multimodalTask,
];

/** One expert a token, for both modalities alike. */
const oneTower: GateRecipe = {
  id: "one-tower",
  name: "best one",
  arxiv: null,
  section: "6",
  idea: "The best expert by softmax; no token is dropped.",
  score: { kind: "linear" },
  select: { kind: "top-k", k: 1 },
  weigh: { kind: "softmax", over: "all" },
  balance: [{ kind: "balance", weight: 0.01 }],
  causal: true,
};

/** Coefficients of the two entropies. */
const ENTROPY = 0.05;

/** Experts that a modality is to use at least, about. */
const LEAST_EXPERTS = 4;

/** LIMoE's gate: each token sure of its expert, each modality among several. */
export const limoeGate: GateRecipe = {
  ...oneTower,
  id: "limoe",
  name: "LIMoE",
  arxiv: "2206.02770",
  idea: "Entropies by modality: low for a token, high for a modality.",
  balance: [
    { kind: "local-entropy", weight: ENTROPY },
    { kind: "global-entropy", weight: ENTROPY, threshold: Math.log(LEAST_EXPERTS) },
  ],
};

const row = { arxiv: null, section: "6" } as const;

/** What applications are held against, and for two of them what those are held against. */
export const applicationControls: readonly ApplicationRecipe[] = [
  {
    ...row,
    id: "vit",
    name: "ViT",
    arxiv: "2010.11929",
    task: "vision",
    idea: "Two dense blocks over patches; as much work a token as two experts.",
    program: (sizes) => visionProgram(sizes),
  },
  {
    ...row,
    id: "single-task",
    name: "single task",
    task: "recommendation",
    idea: "A network for each task, with half of the hidden units.",
    program: singleTaskProgram,
  },
  {
    ...row,
    id: "shared-bottom",
    name: "shared bottom",
    task: "recommendation",
    idea: "One network for both tasks and a tower for each.",
    program: sharedBottomProgram,
    against: "single-task",
  },
  {
    ...row,
    id: "one-tower-dense",
    name: "one dense tower",
    task: "multimodal",
    idea: "Both modalities pass the same two dense blocks.",
    program: (sizes) => multimodalProgram(sizes),
  },
  {
    ...row,
    id: "one-tower",
    name: "one tower, balance over all",
    task: "multimodal",
    idea: "Experts for both modalities, kept busy by the auxiliary loss over all tokens.",
    program: (sizes) => multimodalProgram(sizes, { recipe: oneTower }),
    against: "one-tower-dense",
  },
];

/** The applications of the survey. */
export const applicationRecipes: readonly ApplicationRecipe[] = [
  {
    ...row,
    id: "v-moe",
    name: "V-MoE",
    arxiv: "2106.05974",
    task: "vision",
    idea: "Experts in the second block; where they are full, the surest patches come first.",
    program: (sizes) => visionProgram(sizes, { recipe: recipeById("v-moe") }),
    against: "vit",
    unverified: { "select.k": "2", "cap.factor": "1.05", weigh: "a softmax over all experts" },
  },
  {
    ...row,
    id: "mmoe",
    name: "MMoE",
    task: "recommendation",
    idea: "Experts for both tasks, and a gate for each.",
    program: gatePerTaskProgram,
    against: "shared-bottom",
  },
  {
    ...row,
    id: "ple",
    name: "PLE",
    task: "recommendation",
    idea: "Experts of each task beside shared ones, in two layers.",
    program: progressiveProgram,
    against: "shared-bottom",
    unverified: {
      experts: "a quarter for each task, half for both",
      layers: "2, of half the width",
    },
  },
  {
    ...row,
    id: "limoe",
    name: "LIMoE",
    arxiv: "2206.02770",
    task: "multimodal",
    idea: limoeGate.idea,
    program: (sizes) => multimodalProgram(sizes, { recipe: limoeGate }),
    against: "one-tower",
    unverified: {
      balance: `both entropies count ${ENTROPY}, the threshold is that of ${LEAST_EXPERTS} experts`,
      "select.k": "1",
    },
  },
];

/** All models of a task, controls first. */
export function modelsOf(task: string): ApplicationRecipe[] {
  return [...applicationControls, ...applicationRecipes].filter((one) => one.task === task);
}

/** An application, or a control, by its id; throws a UserError that names the nearest. */
export function applicationById(id: string): ApplicationRecipe {
  const all = [...applicationControls, ...applicationRecipes];
  const found = all.find((recipe) => recipe.id === id);
  if (!found) throw unknownName("application", id, all.map((recipe) => recipe.id));
  return found;
}

/** The task of a model. */
export function taskOf({ task }: Pick<ApplicationRecipe, "task">): ApplicationTask {
  const found = applicationTasks.find(({ id }) => id === task);
  if (!found) throw unknownName("task", task, applicationTasks.map(({ id }) => id));
  return found;
}
