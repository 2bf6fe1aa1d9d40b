/**
 * A pipeline schedule as data: for every stage, what it does in which order.
 *
 * Vocabulary. A *stage* is one pipeline rank. It holds one or more *chunks* of the model. A
 * micro-batch visits the chunks along a *path* forward and then backward. Its work on a chunk is F
 * (forward), B (gradient of the input) and W (gradient of the weights); where a schedule does not
 * split the backward pass, BW is both. Only the order is fixed: an operation starts as soon as the
 * one before it on its stage has ended and what it needs has arrived.
 *
 * @module
 */
import type { ScheduleName } from "../plan/plan.ts";

/** Forward, gradient of the input, gradient of the weights, or both gradients in one. */
export type OperationPhase = "F" | "B" | "W" | "BW";

/** What a stage does for one micro-batch on one of its chunks. */
export interface Operation {
  /** Which part of the work. */
  phase: OperationPhase;
  /** Micro-batch, from 0. */
  microBatch: number;
  /** Chunk of the stage, from 0. */
  chunk: number;
  /** Runs beside the operation before it, as one: both wait for what either needs. */
  paired?: true;
}

/**
 * How chunks lie on stages. `straight`: chunk c of stage s is position `c * stages + s` of the
 * path. `vee`: chunk 0 goes down the stages, chunk 1 comes back up, so that the last stage has the
 * middle and stage 0 both ends. `two-way`: two copies of the model; the first half of the
 * micro-batches runs down chunk 0, the other half up chunk 1.
 */
export type Placement = "straight" | "vee" | "two-way";

/** The size of a pipeline and how chunks lie on it. */
export interface PipelineShape {
  /** Which schedule. */
  name: ScheduleName;
  /** Pipeline stages. */
  stages: number;
  /** Micro-batches of a step, of both directions together. */
  microBatches: number;
  /** Chunks of a stage. */
  chunks: number;
  /** How chunks lie on stages. */
  placement: Placement;
}

/** What one stage does. */
export interface PipelineProgram {
  /** The pipeline, shared by the programs of all stages. */
  shape: PipelineShape;
  /** Which stage. */
  stage: number;
  /** What it does, in order. */
  operations: readonly Operation[];
}

/** A place on the path of a micro-batch. */
export interface Position {
  /** Stage. */
  stage: number;
  /** Chunk of the stage. */
  chunk: number;
}

/** Share of a stage's layers that one chunk holds; with two copies, each is a whole stage. */
export function chunkShare(shape: PipelineShape): number {
  return shape.placement === "two-way" ? 1 : 1 / shape.chunks;
}

/**
 * The chunks that a micro-batch visits, in the order of the forward pass.
 *
 * @example
 * ```ts
 * import { pathOf } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { name: "zb-v", stages: 2, microBatches: 4, chunks: 2, placement: "vee" } as const;
 * assertEquals(pathOf(shape, 0).map((at) => [at.stage, at.chunk]), [[0, 0], [1, 0], [1, 1], [0, 1]]);
 * ```
 */
export function pathOf(shape: PipelineShape, microBatch: number): Position[] {
  const { stages, chunks, placement } = shape;
  const down = (chunk: number) => Array.from({ length: stages }, (_, stage) => ({ stage, chunk }));
  if (placement === "vee") return [...down(0), ...down(1).reverse()];
  if (placement === "two-way") {
    return microBatch < shape.microBatches / 2 ? down(0) : down(1).reverse();
  }
  return Array.from({ length: chunks }, (_, chunk) => down(chunk)).flat();
}
