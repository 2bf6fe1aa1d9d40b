/**
 * What one micro-batch holds on a model chunk.
 *
 * @module
 */
import type { KindMemory } from "./kind_memory.ts";
import type { Kinds, PlanMemory } from "./plan_memory.ts";
import type { KindCounts } from "./kind_counts.ts";

/** A chunk on one rank; activations of one micro-batch, bytes. */
export interface ChunkMemory {
  /** Transformer layers. */
  layers: number;
  /** Kept by its layers between forward and backward pass. */
  keptBytes: number;
  /** Kept by the last norm, where the output layer is. */
  normBytes: number;
  /** Logits, where the output layer is, until the backward pass begins. */
  logitBytes: number;
  /** What the loss adds at its worst: more of the logits, gradients of the input. */
  loss: { logitBytes: number; workingBytes: number };
  /** Working memory of its widest layer, what it computes again included. */
  workingBytes: number;
}

/**
 * Working memory of a layer. Where the exchange of tokens hides behind another micro-batch, its
 * forward pass runs layer by layer beside this backward pass: what the one adds, the other frees, but
 * for a layer that both hold.
 */
function working(count: number, kind: KindMemory, paired: boolean): number {
  if (count === 0) return 0;
  const own = kind.workingBytes + kind.recomputedBytes;
  return paired ? own + kind.workingBytes + kind.keptBytes : own;
}

function widest(counts: KindCounts, kinds: Kinds, paired: boolean): number {
  return Math.max(
    working(counts.dense, kinds.dense, paired),
    working(counts.moe, kinds.moe, paired),
    working(counts.mtp, kinds.mtp, paired),
  );
}

/** The memory of a chunk. */
export function chunkMemory(counts: KindCounts, kinds: Kinds, memory: PlanMemory): ChunkMemory {
  const { head, site: { plan } } = memory;
  const paired = plan.overlap.experts === "batches" || plan.overlap.experts === "dualpipe";
  // A module that predicts a further token has a loss of its own.
  const losses = counts.head ? 1 + counts.mtp : 0;
  return {
    layers: counts.dense + counts.moe + counts.mtp,
    keptBytes: counts.dense * kinds.dense.keptBytes + counts.moe * kinds.moe.keptBytes +
      counts.mtp * kinds.mtp.keptBytes,
    normBytes: losses * head.normBytes,
    logitBytes: losses * head.keptLogitBytes,
    loss: counts.head
      ? { logitBytes: head.extraLogitBytes, workingBytes: head.workingBytes }
      : { logitBytes: 0, workingBytes: 0 },
    workingBytes: widest(counts, kinds, paired),
  };
}
