/**
 * One training of a small model with one router: what is run, and what comes out of it. Both are plain
 * records, so that results can be kept in a file and tables made of them without a device.
 *
 * @module
 */
import type { GateRecipe } from "../../core/gates/recipe.ts";
import type { Model } from "../../core/spec/model.ts";
import type { Objective } from "../../core/train/data/corpus.ts";
import type { LossFloor } from "../../core/train/data/synthetic.ts";

/** Texts that were installed. */
export interface TextNames {
  /** Names of text packages, as `textSources` has them. */
  names: readonly string[];
  /** Folder that they were installed into. */
  folder: string;
}

/** How long and on what a model is trained. */
export interface TrainingSettings {
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Steps. */
  steps: number;
  /** Learning rate at its height, after a tenth of the steps. */
  rate: number;
  /** Batches of held-out text. */
  heldOut: number;
  /** Domains of the text. */
  domains: number;
  /** Text packages and the folder that has them; the synthetic language where absent. */
  text?: TextNames;
}

/** A training; see the module. */
export interface RouterRun {
  /** Names it among the runs of an experiment, its seed left out: "switch/flops". */
  id: string;
  /** What people read: the name of the recipe. */
  name: string;
  /** The router; a dense model where there is none. */
  recipe?: GateRecipe;
  /** The model, without its router. */
  model: Model;
  /** What it is trained for; "masked" attends both ways. */
  objective: Objective;
  /** Seed of weights and noise, and of the training text's order. */
  seed: number;
  /** How it is trained. */
  training: TrainingSettings;
  /**
   * A router that begins by sending all tokens to its first experts: the bias of their logits. The
   * recipe's score must have a bias.
   */
  collapsed?: { experts: number; bias: number };
}

/** What a layer did with all held-out tokens. */
export interface LayerFigures {
  /** Choices of each expert before any was dropped. */
  wanted_E: number[];
  /** Choices of each expert that had room. */
  kept_E: number[];
  /** Choices of each expert by tokens of each domain, domain by domain. */
  byTag_GE: number[];
  /** Mean entropy of the scores of a token, nats. */
  entropy: number;
  /** Mean of the squared log-sum-exp of a token's logits. */
  logSumExp2: number;
}

/** What came out of a training; numbers and lists of them alone. */
export interface RouterFigures {
  /** Training loss, nats a token, at some steps and the last. */
  losses: { step: number; loss: number }[];
  /** Mean loss of each held-out sequence, nats a token; the same sequences in every run. */
  heldOut_S: number[];
  /** The least mean loss that predictions of the held-out tokens can have, nats; unless masked. */
  floor?: LossFloor;
  /** The layers before the first step, on one batch; of runs that begin collapsed. */
  start?: LayerFigures[];
  /** Layers with experts; none in a dense model. */
  layers: LayerFigures[];
  /** Held-out tokens that the layers saw. */
  heldOutTokens: number;
  /** Seconds a step, each the mean of a stretch of steps between two waits. */
  stepSeconds: number[];
  /** The most memory that was alive: weights and moments, and a step. */
  bytes: { state: number; step: number };
  /** Weights that are trained, gate among them. */
  parameters: number;
  /** Kernel variants, by operator. */
  kernels: Record<string, string>;
}

/** A run that gave figures, or why it did not. */
export type RunOutcome = { figures: RouterFigures } | { refused: string };

/** A run with what came out of it. */
export interface FinishedRun {
  /** What was run. */
  run: RouterRun;
  /** What came out. */
  outcome: RunOutcome;
}
