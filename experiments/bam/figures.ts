/**
 * What the trainings of the BAM study give: plain records that tables, claims and the report read.
 *
 * Source: BAM, arXiv 2408.08274, sections 3 to 5.
 *
 * @module
 */

/** Which of the two sizes: the paper's 590M and 2B have a small twin each. */
export type StudySize = "small" | "large";

/** How much a mixture is trained: as many tokens as BTX, or as many FLOPs. */
export type Budget = "data" | "compute";

/** A domain of held-out text under a model. */
export interface DomainFigures {
  /** Name of the domain; the first is that of pre-training. */
  name: string;
  /** Tokens that were predicted. */
  tokens: number;
  /** Mean loss, nats a token. */
  loss: number;
  /** Mean loss of each held-out sequence, the same sequences for all models of a seed. */
  sequences: number[];
  /** Loss of who knows the process that the text is drawn from, nats a token; absent of real text. */
  floor?: number;
}

/** A task of a domain: how often the model gives the one right answer. */
export interface TaskFigures {
  /** "cloze": the best of a few ways to go on; "exact": the answer decoded greedily is the right one. */
  kind: "cloze" | "exact";
  /** Name of the domain. */
  domain: string;
  /** Questions answered rightly. */
  right: number;
  /** Questions asked. */
  asked: number;
  /** Share that answers drawn at random get right. */
  chance: number;
}

/** A trained model of the study. */
export interface ModelFigures {
  /** Row of the study, such as "seed", "dense-1", "btx-4", "bam-expert-kv". */
  row: string;
  /** Which size. */
  size: StudySize;
  /** Seed of the replicate. */
  seed: number;
  /** Which phase trained it last. */
  phase: "seed" | "branch" | "mix";
  /** How much the mixture was trained; absent for dense models. */
  budget?: Budget;
  /** Steps of that phase. */
  steps: number;
  /** Tokens of that phase. */
  tokens: number;
  /** Training FLOPs of that phase, forward and backward, by the description. */
  flops: number;
  /** Median seconds of a training step on this device. */
  stepSeconds: number;
  /** Bytes of weights, optimiser and activations at their peak. */
  bytes: number;
  /** Parameters of all experts, and of those that a token meets. */
  parameters: { total: number; active: number };
  /** Held-out text by domain, that of pre-training first. */
  domains: DomainFigures[];
  /** Tasks by domain. */
  tasks: TaskFigures[];
  /** Share of its tokens that each expert gets by domain, mean over layers [domain][expert]; mixtures alone. */
  shares?: number[][];
}

/** All that a run of the study trained. */
export interface StudyFigures {
  /** Names of the domains, that of pre-training first. */
  domains: string[];
  /** Models, in the order of the rows, size by size, seed by seed. */
  models: ModelFigures[];
}
