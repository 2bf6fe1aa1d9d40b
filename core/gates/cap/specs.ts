/**
 * Room of experts.
 *
 * @module
 */
import type { DropOrder } from "../../arrays/arrays.ts";

/** How much room experts have, and who is dropped. */
export type CapSpec =
  /**
   * ceil(factor K T / E) choices an expert, in each `group` of tokens: the batch or a sequence;
   * another factor where the model is evaluated.
   */
  | { kind: "factor"; factor: number; evaluation?: number; order: DropOrder; group?: "sequence" }
  /**
   * A device holds E / devices experts and has factor K T / devices places; choices of a share `kept`
   * of all sequences are never dropped. In training alone (DeepSeek-V2).
   */
  | { kind: "device"; devices: number; factor: number; kept: number }
  /** Experts that are networks have `share` of the room of those that are none (MoE++). */
  | { kind: "two-kinds"; factor: number; share: number };
