/**
 * What the steps of a training are told, and what they give.
 *
 * @module
 */
import { type AdamwNumbers, UserError } from "../../kernels/mod.ts";
import type { Checkpointed, Json } from "./checkpoint.ts";
import type { Corpus, Objective, TrainingBatch } from "./data/corpus.ts";
import type { Evaluable, Evaluation } from "./evaluate.ts";
import type { FileStore } from "./files.ts";
import type { RateSchedule } from "./schedule.ts";

/** Where a training stands, for the person who waits. */
export interface TrainingProgress {
  /** Begins a stretch of `total` steps. */
  start(total: number, label: string): void;
  /** One step is done; `label` says how it goes. */
  step(label?: string): void;
  /** Closes the stretch. */
  stop(): void;
}

/** A model that can be trained, evaluated and kept. */
export interface Trainable extends Checkpointed, Evaluable {
  /** Submits a step and does not wait. */
  step(batch: TrainingBatch, update: Omit<AdamwNumbers, "step">): void;
  /**
   * What the recipe asks of the host between steps; to be awaited after each. It waits for the device
   * in few of them, or never.
   */
  review?(): Promise<void>;
  /** Waits for the last step. */
  last(): Promise<{ loss: number; norm: number; auxiliary?: Record<string, number> }>;
}

/** What a step gave that was waited for. */
export interface StepRecord {
  /** Steps that were made, this one included. */
  step: number;
  /** Mean loss of the batch, nats a token, before the step. */
  loss: number;
  /** Norm of all gradients, before clipping. */
  norm: number;
  /** Auxiliary losses by name, summed over layers. */
  auxiliary: Record<string, number>;
}

/** An evaluation after so many steps. */
export interface EvaluationRecord extends Evaluation {
  /** Steps that were made. */
  step: number;
}

/** What a training gave. */
export interface TrainingLog {
  /** Steps that were waited for. */
  losses: StepRecord[];
  /** Evaluations, the last after the last step. */
  evaluations: EvaluationRecord[];
}

/** What {@linkcode runTraining} is told beside the model. */
export interface LoopOptions {
  /** What is learned. */
  corpus: Corpus;
  /** What is predicted; "next" where absent. */
  objective?: Objective;
  /** Sequences of a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Seed of the data's order. */
  seed: number;
  /** Steps in all. */
  steps: number;
  /** Learning rates. */
  schedule: RateSchedule;
  /** The other numbers of AdamW. */
  optimiser?: Omit<AdamwNumbers, "step" | "rate">;
  /** Every so many steps the loss is waited for; 10 where absent. */
  read?: number;
  /** Every so many steps, and after the last, so many batches of held-out text are evaluated. */
  evaluation?: { every?: number; batches: number };
  /** Where, and every how many steps and after the last, the training is kept. */
  checkpoint?: { path: string; every: number };
  /** The files of checkpoints; the disk's where absent. */
  store?: FileStore;
  /** Ends the training after the step under way; what was made is kept in the checkpoint. */
  signal?: AbortSignal;
  /** Told of every step. */
  progress?: TrainingProgress;
}

/** What the loop's options contribute to the facts of a checkpoint. */
export function toldOf(options: LoopOptions): Record<string, Json> {
  const { corpus, objective = "next", sequences, length, seed, steps, schedule } = options;
  const { optimiser = {}, read = readDefault, evaluation } = options;
  return {
    ...{ corpus: corpus.id, objective, sequences, length, seed, steps, read },
    schedule: { ...schedule },
    optimiser: { ...optimiser },
    evaluation: evaluation ? { ...evaluation } : null,
  };
}

/** Steps between waits where nothing is said. */
export const readDefault = 10;

/**
 * Checks the numbers of steps.
 *
 * @throws {UserError} where one is no whole number from 1 on.
 */
export function checkSteps({ steps, read, evaluation, checkpoint }: LoopOptions): void {
  const numbers = {
    ...{
      steps,
      read,
      "evaluation.every": evaluation?.every,
      "checkpoint.every": checkpoint?.every,
    },
    "evaluation.batches": evaluation?.batches,
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    throw new UserError(`Cannot train: found ${value} as ${name}, wanted a whole number from 1 on`);
  }
}
