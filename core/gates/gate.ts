/**
 * What a gate is: given the tokens of a layer, it says which experts each one goes to and with what
 * weight, what that costs in auxiliary losses, and what it remembers for the next step.
 *
 * A gate is written in the language of `core/arrays` alone, so that it runs on the device and, as its
 * own oracle, on the host. It has parameters, which are trained, and a state, which a controller
 * moves after each step without a gradient.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";

/** Sizes that a gate may depend on. */
export interface GateShape {
  /** Width D of a token. */
  dModel: number;
  /** Routed experts E. */
  experts: number;
  /** Experts a token K, where the gate has such a number. */
  topK: number;
  /** Tokens of a batch T. */
  tokens: number;
  /** Tokens of a sequence; sequences lie one behind the other. */
  length: number;
  /** Different token ids V. */
  vocabulary: number;
  /** Different tags (domains, tasks, languages). */
  tags: number;
  /** Position of the layer among those with experts, from 0 on. */
  layer: number;
  /** Layers with experts. */
  layers: number;
  /** Steps of the whole training, for what changes on the way; 1000 where absent. */
  steps?: number;
}

/** What a gate sees of a batch. */
export interface GateInput<A, I> {
  /** The layer's normalised input, [T, D]. */
  x: A;
  /** Token ids, [T, 1]. */
  tokens: I;
  /** The id before each token in its sequence, [T, 1]; its own for the first. */
  before: I;
  /** The tag of each token's sequence, [T, 1]. */
  tags: I;
  /** Logits [T, E] of the gate in the layer before, where there is one: gating residuals. */
  logitsBefore?: A;
}

/** How a parameter begins. */
export type Init = "zeros" | "ones" | { normal: number } | { value: number };

/** A parameter or a state of a gate. */
export interface GateTensor {
  /** Rows and columns. */
  shape: readonly [rows: number, columns: number];
  /** How it begins. */
  init: Init;
}

/** Where a gate runs. */
export interface GateRun<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** Its parameters. */
  w: Readonly<Record<string, A>>;
  /** Its state, as the step before left it. */
  state: Readonly<Record<string, A>>;
  /** Sizes. */
  shape: GateShape;
  /** The batch. */
  input: GateInput<A, I>;
  /** True in training; false where the model is evaluated: no noise, no drops by chance. */
  training: boolean;
}

/** What happens to the tokens. */
export type Dispatch<A, I> =
  /**
   * Each token goes to the experts that ids [T, K] name, NONE for no one, and gets the sum of what
   * they give times weights [T, K].
   */
  | { kind: "choice"; ids: I; weights: A }
  /**
   * Experts read mixtures of tokens: slot s, of expert floor(s / perExpert), is the sum over the
   * tokens of a sequence weighted by mix [T, S]; a token gets what all slots give, weighted by
   * combine [T, S] (Soft MoE, arXiv 2308.00951). Both are 0 outside of a slot's own group of
   * `length` neighbouring tokens, which is told by blocks: each group has its own S slots.
   */
  | { kind: "slots"; mix: A; combine: A; length: number; perExpert: number }
  /**
   * Experts are merged into one for each segment of `length` neighbouring tokens, by weights
   * [T / length, E] of their parameters (SMEAR, arXiv 2306.03745; Lory, arXiv 2405.03133).
   */
  | { kind: "merged"; weights: A; length: number };

/** An auxiliary loss, already multiplied by its coefficient: [1, 1]. */
export interface AuxiliaryLoss<A> {
  /** Name, such as "balance". */
  name: string;
  /** Its value. */
  value: A;
}

/** What a gate gives. */
export interface Gated<A, I> {
  /** What happens to the tokens. */
  dispatch: Dispatch<A, I>;
  /** Logits [T, E], for gating residuals and statistics; absent where a gate has none. */
  logits?: A;
  /**
   * Scores [T, E] over routed experts whose rows sum to 1 or less, for statistics and losses;
   * absent where a gate has none.
   */
  scores?: A;
  /**
   * The choices before any was dropped for want of room, [T, K]: what loads and losses count.
   * Absent where nothing is chosen.
   */
  wanted?: I;
  /** Weight [T, 1] of the token itself, added to the output: experts that copy (MoE++). */
  copied?: A;
  /** Numbers [T, D] added to the output: experts that give a constant (MoE++). */
  added?: A;
  /** log of the probability of what was drawn, [T, 1], where choices are drawn (REINFORCE). */
  logProbability?: A;
  /** Auxiliary losses. */
  losses: AuxiliaryLoss<A>[];
  /** New values of states, by name; what is not there stays. Applied in training alone. */
  state: Record<string, A>;
}

/** A gate. */
export interface Gate {
  /** Its parameters by name. */
  parameters(shape: GateShape): Record<string, GateTensor>;
  /** Its states by name. */
  states(shape: GateShape): Record<string, GateTensor>;
  /** Routes a batch. */
  route<A, I>(run: GateRun<A, I>): Gated<A, I>;
}
