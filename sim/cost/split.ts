/**
 * What one rank holds of a step under a plan: tokens, heads, widths, rows of experts.
 *
 * @module
 */
import type { Plan } from "../plan/plan.ts";
import type { Sizes } from "./sizes.ts";
import type { Workload } from "./workload.ts";

/** A rank's share of a micro-batch. */
export interface Split {
  /** Tokens that its attention and dense products work on. */
  tokens: number;
  /** Tokens of its norms and residuals: fewer under sequence parallelism. */
  ownTokens: number;
  /** Sequences. */
  sequences: number;
  /** Tokens of each that are queries here. */
  queries: number;
  /** Keys that a query sees on average in a layer with full attention. */
  keys: number;
  /** The same in a layer whose attention has a window; as many as in others where none has. */
  windowKeys: number;
  /** Ranks that share its dense matrices. */
  tp: number;
  /** Ranks that share its experts' matrices. */
  etp: number;
  /** Rows of the experts on this rank, all of them together. */
  expertRows: number;
  /** Rows of the fullest of them. */
  largestRows: number;
  /** Experts on this rank, redundant replicas among them. */
  localExperts: number;
  /** Choices that this rank's tokens send out. */
  sentRows: number;
}

/**
 * Keys that a query sees on average in a window of so many. In a causal one the first queries see fewer:
 * of `s` tokens the first `w` see `w / 2` each, the others `w`.
 */
function keysInWindow(window: number, { sequence, causal }: Workload): number {
  const most = Math.min(window, sequence);
  return causal ? most - most ** 2 / (2 * sequence) : most;
}

/** The share of a micro-batch that one rank has under a plan, routing balanced. */
export function splitOf(sizes: Sizes, plan: Plan, workload: Workload): Split {
  const { tp, cp, ep, etp, microBatch } = plan;
  const queries = workload.sequence / cp;
  const tokens = microBatch * queries;
  const ownTokens = plan.sequenceParallel ? tokens / tp : tokens;
  const { moe } = sizes;
  const sent = moe ? (tokens / tp) * moe.topK : 0;
  const kept = plan.capacityFactor === undefined ? 1 : Math.min(1, plan.capacityFactor);
  const localExperts = moe ? (moe.experts + (moe.redundant ?? 0)) / ep : 0;
  const expertRows = sent * etp * kept;
  return {
    tokens,
    ownTokens,
    sequences: microBatch,
    queries,
    keys: keysInWindow(workload.sequence, workload),
    windowKeys: keysInWindow(sizes.attention.window?.size ?? workload.sequence, workload),
    tp,
    etp,
    expertRows,
    largestRows: localExperts > 0 ? expertRows / localExperts : 0,
    localExperts,
    sentRows: sent * kept,
  };
}
