/**
 * What losses and controllers read of a gate, and what they give back.
 *
 * A loss takes only what it needs; where a gate has no such thing, the two do not fit and the error
 * says so. Counts (which experts were chosen, how often) are decisions and carry no gradient; shares
 * and weights do.
 *
 * @module
 */
import type { Arrays } from "../arrays/arrays.ts";
import type { AuxiliaryLoss, GateInput, GateShape, GateTensor } from "../gates/gate.ts";
import type { BalanceSpec } from "./specs.ts";

/** The kinds of losses and controllers. */
export type BalanceKind = BalanceSpec["kind"];

/** The description of a kind. */
export type BalanceOf<K extends BalanceKind> = Extract<BalanceSpec, { kind: K }>;

/** What a gate did with a batch. T tokens, E experts, K choices a token. */
export interface Routed<A, I> {
  /** The language. */
  g: Arrays<A, I>;
  /** Sizes. */
  shape: GateShape;
  /** The batch. */
  input: GateInput<A, I>;
  /** Of the E experts, how many are no networks; they come last. 0 where absent. */
  zero?: number;
  /** Logits [T, E]. */
  logits?: A;
  /** What the logits were before a temperature divided them, [T, E]; X-MoE's cosines. */
  similarities?: A;
  /** Scores [T, E], not below 0: softmax, sigmoid or ReLU of the logits. */
  scores?: A;
  /** The scores divided by their sum in each row, where the gate made them anyway. */
  shares?: A;
  /** Weights put into [T, E], 0 for experts that were not chosen. */
  gates?: A;
  /** Choices [T, K] before any was dropped, NONE where a token has fewer. */
  wanted?: I;
  /** Choices [T, K] that found room. */
  kept?: I;
  /** Logits with noise [T, E], and its deviation, [T, E] or [1, 1]. */
  noise?: { noisy: A; deviation: A };
  /** What tokens are compared with, an expert a row: [E, D]. */
  representations?: A;
  /** States by name, as the step before left them. */
  state: Readonly<Record<string, A>>;
  /** Whether the model is trained; states stay as they are elsewhere. */
  training: boolean;
}

/** What a loss or a controller gets. */
export interface BalanceRun<A, I, K extends BalanceKind = BalanceKind> extends Routed<A, I> {
  /** Its description. */
  spec: BalanceOf<K>;
}

/** What a loss or a controller gives. */
export interface Balanced<A> {
  /** Losses, multiplied by their coefficients. */
  losses: AuxiliaryLoss<A>[];
  /** New values of states. */
  state: Record<string, A>;
}

/** A loss or a controller. */
export interface Balancer<K extends BalanceKind> {
  /** Its states; none where absent. */
  states?(spec: BalanceOf<K>, shape: GateShape): Record<string, GateTensor>;
  /** Runs it. */
  apply<A, I>(run: BalanceRun<A, I, K>): Balanced<A>;
}
