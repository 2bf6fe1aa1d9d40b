/**
 * How many layers of each kind a chunk has.
 *
 * @module
 */

/** Layers of a chunk by kind. */
export interface KindCounts {
  /** Dense layers. */
  dense: number;
  /** Mixtures. */
  moe: number;
  /** Modules that predict further tokens. */
  mtp: number;
  /** Whether the input table is here. */
  embedding: boolean;
  /** Whether the output layer is here. */
  head: boolean;
}
