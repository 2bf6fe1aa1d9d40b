/**
 * The geometry of the oracles: heads of sequences, and what they fill.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import type { AttentionOptions, HeadWidths } from "./options.ts";

/** What the oracles are told: the options of attention without the device's, widths and rows. */
export interface AttentionDims extends
  HeadWidths,
  Pick<
    AttentionOptions,
    "length" | "heads" | "kvHeads" | "scale" | "causal" | "window" | "past"
  > {
  /** Rows of the queries, and of the keys where there are none before. */
  tokens: number;
}

/** One query head of one sequence. */
export interface OracleHead {
  /** Query head. */
  head: number;
  /** The key head that it looks at. */
  keyHead: number;
  /** First token of the sequence. */
  base: number;
}

/** Every query head of every sequence. */
export function oracleHeads(
  { tokens, length, heads, kvHeads = heads }: AttentionDims,
): OracleHead[] {
  return Array.from({ length: tokens / length * heads }, (_, i) => {
    const head = i % heads;
    const keyHead = Math.floor(head * kvHeads / heads);
    return { head, keyHead, base: Math.floor(i / heads) * length };
  });
}

/** `n` values and scales of 0. */
export const blank = (n: number): Scaled => ({
  values: new Float64Array(n),
  scale: new Float64Array(n),
});
