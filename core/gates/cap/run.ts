/**
 * What every cap works on.
 *
 * @module
 */
import type { Arrays } from "../../arrays/arrays.ts";
import type { GateShape } from "../gate.ts";
import type { CapSpec } from "./specs.ts";

/** What a cap is given. */
export interface CapRun<A, I, S extends CapSpec = CapSpec> {
  /** The language. */
  g: Arrays<A, I>;
  /** The rule. */
  spec: S;
  /** Sizes. */
  shape: GateShape;
  /** Choices, [T, K]. */
  ids: I;
  /** Weights put into [T, E], 0 for experts that were not chosen: who is kept by priority. */
  gates?: A;
  /** Experts without a network, which come last; 0 where absent. */
  zero?: number;
  /** Whether the model is trained. */
  training: boolean;
}
