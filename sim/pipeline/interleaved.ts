/**
 * Interleaved 1F1B (arXiv 2104.04473, section 2.2): a stage holds several chunks of the model, and
 * the bubble shrinks by their number.
 *
 * The order is Megatron's. Micro-batches go in groups: a group passes chunk 0, then chunk 1 and so
 * on, before the next group starts. The last group may be smaller, but no smaller than the number
 * of stages, or a chunk would wait for its own output.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Operation, PipelineShape } from "./program.ts";

/** Micro-batch and chunk of every forward, in order; the same on every stage. */
function turns(shape: PipelineShape, group: number): { microBatch: number; chunk: number }[] {
  const list = [];
  for (let first = 0; first < shape.microBatches; first += group) {
    const last = Math.min(first + group, shape.microBatches);
    for (let chunk = 0; chunk < shape.chunks; chunk++) {
      for (let microBatch = first; microBatch < last; microBatch++) {
        list.push({ microBatch, chunk });
      }
    }
  }
  return list;
}

/**
 * Refuses what interleaving cannot do.
 *
 * @throws {UserError} where the micro-batches do not fall into groups that fill the pipeline.
 */
export function checkGroups(shape: PipelineShape, group: number): void {
  const { stages, microBatches } = shape;
  const rest = microBatches % group;
  if (group >= stages && group <= microBatches && (rest === 0 || rest >= stages)) return;
  const below = microBatches - microBatches % stages;
  throw new UserError(
    `Cannot interleave ${microBatches} micro-batches on ${stages} stages in groups of ${group}: ` +
      `wanted groups of ${stages} to ${microBatches} and a rest of 0 or at least ${stages}; ` +
      `nearest: ${below > 0 ? `${below} or ` : ""}${below + stages} micro-batches in groups of ` +
      `${stages}`,
  );
}

/** Forwards that a stage runs before its first backward. */
export function interleavedAhead(
  shape: Pick<PipelineShape, "stages" | "microBatches" | "chunks">,
  options: { stage: number; group: number },
): number {
  const { stages, microBatches, chunks } = shape;
  const ahead = 2 * (stages - 1 - options.stage) + (chunks - 1) * options.group;
  return Math.min(ahead, microBatches * chunks);
}

/** The order of one stage. */
export function interleavedOrder(
  shape: PipelineShape,
  options: { stage: number; group: number },
): Operation[] {
  const list = turns(shape, options.group);
  const ahead = interleavedAhead(shape, options);
  const forward = (i: number): Operation => ({ phase: "F", ...list[i] });
  const backward = (i: number): Operation => ({
    phase: "BW",
    microBatch: list[i].microBatch,
    chunk: shape.chunks - 1 - list[i].chunk,
  });
  const order: Operation[] = [];
  for (let i = 0; i < ahead; i++) order.push(forward(i));
  for (let i = 0; i < list.length; i++) {
    if (i + ahead < list.length) order.push(forward(i + ahead));
    order.push(backward(i));
  }
  return order;
}
