/**
 * What the chosen experts are weighed by.
 *
 * @module
 */

/** Weights of the chosen. */
export type WeighSpec =
  /** Softmax over all experts; `renormalise` divides by the sum of the chosen. */
  | { kind: "softmax"; over: "all" | "chosen" }
  /** Sigmoid of each score; divided by the sum of the chosen where `normalised`. */
  | { kind: "sigmoid"; normalised: boolean }
  /** ReLU of each score. */
  | { kind: "relu" }
  /** 1 forward, with the gradient of the score (straight-through); divided by how many are chosen. */
  | { kind: "straight-through"; averaged: boolean }
  /** 1 / K. */
  | { kind: "equal" }
  /** What the choice gave along with itself (smooth-step, hierarchical, slots, merge). */
  | { kind: "chosen" };
