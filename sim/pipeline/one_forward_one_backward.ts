/**
 * The two oldest schedules: all forwards before all backwards (GPipe, arXiv 1811.06965), and one
 * forward, one backward (1F1B: PipeDream-Flush, arXiv 2006.09503, and Megatron, arXiv 2104.04473).
 *
 * @module
 */
import type { Operation, PipelineShape } from "./program.ts";

const forward = (microBatch: number): Operation => ({ phase: "F", microBatch, chunk: 0 });
const backward = (microBatch: number): Operation => ({ phase: "BW", microBatch, chunk: 0 });

/** GPipe: the backward pass takes the micro-batches in reverse. */
export function gpipeOrder(shape: PipelineShape): Operation[] {
  const all = Array.from({ length: shape.microBatches }, (_, k) => k);
  return [...all.map(forward), ...all.reverse().map(backward)];
}

/** 1F1B: stage s runs `stages - 1 - s` forwards ahead, so that it holds `stages - s` at most. */
export function oneForwardOneBackwardOrder(shape: PipelineShape, stage: number): Operation[] {
  const { stages, microBatches } = shape;
  const ahead = Math.min(stages - 1 - stage, microBatches);
  const order: Operation[] = [];
  for (let k = 0; k < ahead; k++) order.push(forward(k));
  for (let k = 0; k < microBatches; k++) {
    if (k + ahead < microBatches) order.push(forward(k + ahead));
    order.push(backward(k));
  }
  return order;
}
