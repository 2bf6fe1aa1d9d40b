/**
 * A gate where adapters are.
 *
 * @module
 */
import type { GateShape } from "../gates/gate.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import type { BaseBranch } from "./forward.ts";

/** A gate of a place, or of a branch. */
export interface PlacedGate {
  /** Its parameters and states begin so, such as "layers.0.lora.gate.q.". */
  prefix: string;
  /** Its row among the gates. */
  recipe: GateRecipe;
  /** Its sizes. */
  shape: GateShape;
  /** The branch whose input it reads; it reads what enters its own place where absent. */
  branch?: BaseBranch | "layer";
}
