/**
 * Applications of mixtures of experts as rows of a table: a small task that is drawn by a seed, and the
 * models that are tried on it. Survey, arXiv 2407.06204, section 6.
 *
 * @module
 */
import type { ModelProgram, ProgramBatch } from "../programs/program.ts";

/** Sizes that all tasks have. */
export interface ApplicationSizes {
  /** Width D of a token, or of what experts read. */
  dModel: number;
  /** Attention heads, where there is attention. */
  heads: number;
  /** Hidden width F of an expert. */
  hidden: number;
  /** Experts E. */
  experts: number;
  /** Samples of a batch B: images, people, pairs. */
  samples: number;
  /** Correlation of the two tasks of recommendation; 0.5 where absent. */
  correlation?: number;
}

/** Which batch. */
export interface ApplicationAt {
  /** Seed of the task and of the order. */
  seed: number;
  /** Number of the batch, from 0 on. */
  step: number;
  /** What is learned from, or what is kept back. */
  part: "training" | "held-out";
}

/** A number of a held-out batch, by name, such as `accuracyFraction`. */
export type ApplicationMeasures = Readonly<Record<string, number>>;

/** A task. */
export interface ApplicationTask {
  /** Lower case with hyphens. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** What is drawn, and what is to be told of it, in a sentence. */
  idea: string;
  /** A batch; the same for the same seed, step and part. */
  batch(sizes: ApplicationSizes, at: ApplicationAt): ProgramBatch;
  /**
   * What the task takes more of than others: samples a batch, and learning rate. Networks without norms
   * on few numbers learn from many samples in large steps.
   */
  scale: { samples: number; rate: number };
  /** The measure that decides, and which end is best. */
  decides: { measure: string; best: "lowest" | "highest" };
  /** Measures of a batch, of the figures that every program of the task gives. */
  measures(
    figures: Readonly<Record<string, Float32Array>>,
    batch: ProgramBatch,
    sizes: ApplicationSizes,
  ): ApplicationMeasures;
}

/** A model of a task. */
export interface ApplicationRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey (arXiv 2407.06204). */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** Id of its task. */
  task: string;
  /** The model. */
  program(sizes: ApplicationSizes): ModelProgram;
  /** Id of what it is held against; absent for what others are held against. */
  against?: string;
  /**
   * Parts whose values no source confirms, with what they are: defaults of this suite, never figures
   * of the work.
   */
  unverified?: Readonly<Record<string, string>>;
}
