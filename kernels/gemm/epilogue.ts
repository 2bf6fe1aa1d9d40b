/**
 * What becomes of the sums of a matrix product before they are stored.
 *
 * @module
 */
import type { ActivationKind } from "../activation/forms.ts";

/** Steps of an epilogue in the order they are done; none is a plain product. */
export interface Epilogue {
  /**
   * Two planes of B give two sums: the result is `gate`(first) * second. SwiGLU is silu, GEGLU gelu
   * (Shazeer, arXiv 2002.05202).
   */
  gate?: ActivationKind;
  /** Both sums of a gated product are stored too, for its gradient. */
  keep?: boolean;
  /** A vector [n] is added to each row. */
  bias?: boolean;
  /** The function that each sum goes through. */
  activation?: ActivationKind;
  /** A matrix [m, n] is added. */
  add?: boolean;
  /** What the result held before is added. */
  accumulate?: boolean;
}

/** The epilogue as a word: "", "_swiglu", "_bias_gelu" and so on. */
export function epilogueName(e: Epilogue): string {
  const parts = [
    e.gate && `gated_${e.gate}`,
    e.keep && "keep",
    e.bias && "bias",
    e.activation,
    e.add && "add",
    e.accumulate && "accumulate",
  ];
  return parts.filter(Boolean).map((part) => `_${part}`).join("");
}
