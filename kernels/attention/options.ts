/**
 * What attention is told by its callers.
 *
 * @module
 */
import type { Tensor } from "../tensor.ts";

/** How lanes come to the values of the rows that stream by. */
export type LaneExchange = "subgroup" | "workgroup";

/** Widths of a head: of queries and keys, and of values. */
export interface HeadWidths {
  /** Query and key width. */
  dqk: number;
  /** Value width. */
  dv: number;
}

/** Options of attention, the same for both directions. */
export interface AttentionOptions {
  /** Tokens of a sequence, S; the rows are sequences of that length, one after the other. */
  length: number;
  /** Query heads, side by side in the columns. */
  heads: number;
  /** Key and value heads, each shared by `heads / kvHeads` query heads; `heads` unless given. */
  kvHeads?: number;
  /** Factor of the scores; 1 / sqrt(query width) unless given. */
  scale?: number;
  /** Whether a token sees itself and what is before it alone; true unless given. */
  causal?: boolean;
  /**
   * Keys and values of tokens before the first query, 0 unless given: `k` and `v` begin with them,
   * then come those of the queries, and further rows are not read. One sequence, forward alone.
   */
  past?: number;
  /** Keys that a token sees at the most: itself and those just before it; all unless given. */
  window?: number;
  /** One logit a query head, f32, that takes part in the softmax and has no value. */
  sink?: Tensor;
  /** How lanes share what they read; as the device likes it unless given. */
  exchange?: LaneExchange;
  /** Label of the launches in timings. */
  label?: string;
}
