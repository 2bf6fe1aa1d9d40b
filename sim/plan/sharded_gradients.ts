/**
 * Who holds which gradients until the optimiser's step.
 *
 * @module
 */
import type { Plan } from "./plan.ts";

/**
 * Whether a rank holds its share of the gradients alone, once they are reduced.
 *
 * ZeRO 3 reduces them layer by layer after every micro-batch. ZeRO 2 here reduces them once a step, as
 * FSDP does with `no_sync` and SHARD_GRAD_OP: while several micro-batches are added up, every rank holds
 * all of them, so that only a step of one micro-batch saves what stage 2 promises (arXiv 1910.02054,
 * section 5.2). Frameworks that reduce after each micro-batch save the memory and pay the exchanges.
 */
export function shardsGradients(
  { zero, globalBatch, dp, microBatch }: Pick<
    Plan,
    "zero" | "globalBatch" | "dp" | "microBatch"
  >,
): boolean {
  return zero === 3 || (zero === 2 && globalBatch <= dp * microBatch);
}
