/**
 * What a step is fed with.
 *
 * @module
 */
import type { PlacementLaw } from "../placement/law.ts";

/** Tokens of a step and where they go. */
export interface Workload {
  /** Tokens of a sequence. */
  sequence: number;
  /** Who goes to which expert. */
  routing: RoutingLaw;
  /** Which expert lies on which rank; in contiguous blocks unless given. */
  placement?: PlacementLaw;
  /** Whether sequences are whole (causal attention counts half) or packed from shorter ones. */
  causal: boolean;
}

/** How tokens choose their experts. */
export type RoutingLaw =
  | { kind: "balanced" }
  /** The i-th most popular expert is wanted in proportion to i^-exponent. */
  | { kind: "skew"; exponent: number; seed: number }
  /** Choices counted in a real run: `share_E` of every choice goes to expert e, by layer. */
  | { kind: "trace"; share_LE: readonly (readonly number[])[] };
