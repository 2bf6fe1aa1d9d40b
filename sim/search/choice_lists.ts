/**
 * What a search may choose from.
 *
 * @module
 */
import type { Overlap, Plan, Precision } from "../plan/plan.ts";

/** Values by field. */
export interface ChoiceLists
  extends Record<"tp" | "cp" | "pp" | "vpp" | "ep" | "etp" | "microBatch", readonly number[]> {
  /** Whether norms are split along the sequence. */
  sequenceParallel: readonly boolean[];
  /** Exchanges of context ranks. */
  contextExchange: readonly Plan["contextExchange"][];
  /** Schedules. */
  schedule: readonly Plan["schedule"][];
  /** What is computed again. */
  recompute: readonly Plan["recompute"][];
  /** What is sharded. */
  zero: readonly Plan["zero"][];
  /** Ranks of a ZeRO group; undefined for all. */
  shardRanks: readonly (number | undefined)[];
  /** Formats of products. */
  precision: readonly Precision[];
  /** Formats of rows on the way to experts; undefined for 16 bits. */
  dispatch: readonly (Precision | undefined)[];
  /** Formats of rows on the way back. */
  combine: readonly (Precision | undefined)[];
  /** Ways of tokens. */
  dispatcher: readonly Plan["dispatcher"][];
  /** Whether gradients are reduced beside kernels. */
  gradients: readonly boolean[];
  /** Whether parameters are gathered beside kernels. */
  parameters: readonly boolean[];
  /** Whether exchanges of tensor ranks run beside products. */
  tensor: readonly boolean[];
  /** Whether activations travel beside kernels. */
  pipeline: readonly boolean[];
  /** What hides the exchange of tokens. */
  experts: readonly Overlap["experts"][];
}
