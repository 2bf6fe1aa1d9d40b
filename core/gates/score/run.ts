/**
 * What a score function is given, and what it gives.
 *
 * @module
 */
import type { GateRun, GateShape, GateTensor } from "../gate.ts";
import type { ScoreSpec } from "./specs.ts";

/** What a score function is given. */
export interface ScoreRun<A, I, S extends ScoreSpec = ScoreSpec> extends GateRun<A, I> {
  /** The score. */
  spec: S;
  /** What is scored, [N, D]: tokens, means of sequences, or one row a tag. */
  x: A;
}

/** A score function. */
export interface Scorer<S extends ScoreSpec = ScoreSpec> {
  /** Its parameters, by name. */
  parameters(spec: S, shape: GateShape): Record<string, GateTensor>;
  /** What keeps it from running at these sizes, as a sentence that names what would work. */
  refusal?(spec: S, shape: GateShape): string | undefined;
  /** Logits [N, E] of x [N, D]. */
  logits<A, I>(run: ScoreRun<A, I, S>): A;
}

/** How matrices begin that a model's width is multiplied by: normal, variance 1 / rows. */
export function fanIn(rows: number, columns: number): GateTensor {
  return { shape: [rows, columns], init: { normal: 1 / Math.sqrt(rows) } };
}
