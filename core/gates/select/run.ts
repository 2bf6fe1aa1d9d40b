/**
 * What a selector is given, and what it gives.
 *
 * Most selectors give `ids` alone: the weights are then taken from `values` by the recipe's `weigh`.
 * A selector whose choice comes with its own weights gives `weights`; one that moves no tokens to
 * single experts (soft slots, merged experts) gives the whole `dispatch`.
 *
 * @module
 */
import type { AuxiliaryLoss, Dispatch, GateRun, GateShape, GateTensor } from "../gate.ts";
import type { GateRecipe } from "../recipe.ts";
import type { SelectSpec } from "./specs.ts";

/** Scores of a batch. */
export interface Scored<A> {
  /** Logits that are chosen from, with noise in training: [T, E]. */
  logits: A;
  /** Logits without noise. */
  clean: A;
  /** Deviation of the noise, [T, E] or [1, 1], where there is noise now. */
  deviation?: A;
}

/** What a selector is given. */
export interface SelectRun<A, I, S extends SelectSpec = SelectSpec> extends GateRun<A, I> {
  /** The choice. */
  spec: S;
  /** The whole row. */
  recipe: GateRecipe;
  /** Scores; absent where the recipe's score is "none". */
  scored?: Scored<A>;
  /** What weights are taken from, [T, E]: softmax, sigmoid or ReLU of the logits, by `weigh`. */
  values?: A;
}

/** What a selector gives; at least one of `ids` and `dispatch`. */
export interface Selected<A, I> {
  /** Chosen experts, [T, K], NONE for no one. */
  ids?: I;
  /** The choices before some were dropped by chance: what weights are shared over. */
  weighed?: I;
  /** Takes the place of {@linkcode SelectRun.values}, [T, E]. */
  values?: A;
  /** Weights of the choices, [T, K], for `weigh: { kind: "chosen" }`. */
  weights?: A;
  /** Scores [T, E] whose rows sum to 1 or less, in place of those of `weigh`. */
  scores?: A;
  /** The whole dispatch. */
  dispatch?: Dispatch<A, I>;
  /** log of the probability of what was drawn, [T, 1]. */
  logProbability?: A;
  /** Factor [1, 1] of the recipe's losses: 0 once a choice is not to be moved any more. */
  lossFactor?: A;
  /** Losses of the choice's own. */
  losses?: AuxiliaryLoss<A>[];
  /** New values of its states. */
  state?: Record<string, A>;
}

/** A way to choose. */
export interface Selector<S extends SelectSpec = SelectSpec> {
  /** Experts a token K; E where it can have any number of them, or how many are aimed at. */
  choices(spec: S, shape: GateShape, recipe: GateRecipe): number;
  /** Whether each token always gets as many, before any is dropped by chance. */
  full?: boolean;
  /** Parameters of its own, by name. */
  parameters?(spec: S, shape: GateShape, recipe: GateRecipe): Record<string, GateTensor>;
  /** States of its own, by name. */
  states?(spec: S, shape: GateShape, recipe: GateRecipe): Record<string, GateTensor>;
  /** What keeps it from running at these sizes, as a sentence that names what would work. */
  refusal?(spec: S, shape: GateShape): string | undefined;
  /** Chooses. */
  select<A, I>(run: SelectRun<A, I, S>): Selected<A, I>;
}
