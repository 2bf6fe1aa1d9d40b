/**
 * A way from models to a model, as a row of a table: survey, arXiv 2407.06204, section 4.4.
 *
 * @module
 */
import type { GateRecipe } from "../../gates/recipe.ts";
import type { Model } from "../../spec/model.ts";
import type { WeightedModel } from "./model_weights.ts";
import type { ExpertCounts } from "./prune.ts";

/** What a scheme is told. */
export interface SchemeOptions {
  /** Seed of what is new. */
  seed: number;
  /** Experts of a layer, where the scheme does not say; 4 where absent. */
  experts?: number;
  /** How often experts were used, for schemes that prune. */
  counts?: ExpertCounts;
  /** Activations [T, F] of a layer's hidden units, for schemes that group units by them. */
  activations?: (layer: number) => ArrayLike<number>;
  /** Cosine of what goes into each block and what comes out, for schemes that drop blocks. */
  similarities?: readonly number[];
}

/** What a scheme gives. */
export interface SchemeModel extends WeightedModel {
  /** The gate that it is trained with; the description's own router where absent. */
  recipe?: GateRecipe;
}

/** What a scheme begins with. */
export type SchemeSource =
  /** A dense model. */
  | "dense"
  /** Dense models of one seed, each of a domain. */
  | "several dense"
  /** A model with routed experts. */
  | "sparse"
  /** Sizes alone: nothing was trained before. */
  | "sizes";

/** A published scheme. */
export interface SchemeRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey (arXiv 2407.06204); "later" for works it leaves out. */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** What it begins with. */
  from: SchemeSource;
  /** What it has to be told of its source beside the weights; nothing where absent. */
  asks?: "counts" | "activations" | "similarities";
  /** The kind of blocks that it takes; any where absent. */
  block?: Model["block"];
  /**
   * Whether a model made of one dense model, or of several that are all alike, or of experts that are
   * all alike, gives the logits of that dense model before it is trained.
   */
  sameAtStart: boolean;
  /** Why it does not, where it does not. */
  whyNot?: string;
  /** Makes the model. */
  apply(sources: readonly WeightedModel[], options: SchemeOptions): SchemeModel;
  /** Tells the weights that its training leaves as they are; none where absent. */
  frozen?: (name: string) => boolean;
  /** Id of the gate that the trained model is used with, where that is another than in training. */
  use?: string;
  /** Parts that no source confirms, with what they are: defaults of this suite. */
  unverified?: Readonly<Record<string, string>>;
}

/** A published way to use several models together: they stay several, and no model comes of it. */
export type TogetherRecipe = Pick<
  SchemeRecipe,
  "id" | "name" | "arxiv" | "section" | "idea" | "unverified"
>;
