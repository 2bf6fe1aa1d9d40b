/**
 * DualPipe (DeepSeek-V3, arXiv 2412.19437, section 3.2.1): micro-batches enter the pipeline at both
 * ends, and a forward of one direction runs beside a backward of the other, so that the exchanges
 * of each hide behind the kernels of both.
 *
 * Every stage holds two chunks: stage s of one copy of the model and stage p-1-s of the other. Its
 * *near* direction enters at the end that is nearer to the stage. The V-shaped cut ("DualPipeV")
 * folds the same programs: chunk 0 plays the near direction, chunk 1 the far one, parameters are
 * held once, and p stages behave as the upper half of 2p.
 *
 * The programs have eight parts, each a pattern and how often it is repeated; see `parts`.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Operation, PipelineShape } from "./program.ts";

/**
 * Letters of a pattern: `f` and `F` forward of the near and the far direction, `b` and `B` the
 * whole backward, `i` and `I` the backward of inputs alone, `w` the oldest weight gradient that is
 * still owed. `+` joins two that overlap.
 */
type Part = [times: number, pattern: string];

/** The eight parts for a stage at `depth` from its near end, of `half` depths. */
function parts(depth: number, half: number, perDirection: number): Part[] {
  const inner = half - depth - 1;
  // In the second half of the last backwards, weight gradients are put off to fill the end.
  const late = depth + 1 >> 1;
  const drain: Part[] = depth % 2 === 0
    ? [[late, "B b"], [1, "B i"], [late, "I i"]]
    : [[late, "B b"], [late, "I i"]];
  const main = perDirection - 2 * half + depth + 1;
  // Halfway down the pipeline there is nothing to overlap the first forward with.
  const first: Part[] = inner === 0 ? [[1, "f B F+b"]] : [[1, "f+B F+b"]];
  return [
    [2 * inner, "f"],
    [depth + 1, "f F"],
    [inner, "I w F"],
    ...first,
    [main - 1, "f+B F+b"],
    [inner, "B F+b"],
    ...drain,
    [inner, "w i"],
    [depth + 1, "w"],
  ];
}

/** How the two directions of a schedule lie on a stage. */
export interface DualPipeLayout {
  /** Distance of the stage from its near end. */
  depth: number;
  /** Depths of the pipeline. */
  half: number;
  /** Micro-batches of each direction. */
  perDirection: number;
  /** Chunk of the near and of the far direction. */
  chunks: readonly [near: number, far: number];
  /** First micro-batch of the near and of the far direction. */
  first: readonly [near: number, far: number];
}

/**
 * The layout of a stage.
 *
 * @throws {UserError} where the micro-batches do not fill the pipeline.
 */
export function dualPipeLayout(shape: PipelineShape, stage: number): DualPipeLayout {
  const { stages, microBatches } = shape;
  if (shape.placement === "vee") {
    if (microBatches < 2 * stages) {
      throw new UserError(
        `Cannot run dualpipe-v with ${microBatches} micro-batches on ${stages} stages: wanted at ` +
          `least ${2 * stages}`,
      );
    }
    const common = { half: stages, perDirection: microBatches, first: [0, 0] } as const;
    return { ...common, depth: stage, chunks: [0, 1] };
  }
  if (stages % 2 !== 0 || microBatches % 2 !== 0 || microBatches < 2 * stages) {
    const even = stages + stages % 2;
    const enough = Math.max(2 * even, microBatches + microBatches % 2);
    throw new UserError(
      `Cannot run dualpipe with ${microBatches} micro-batches on ${stages} stages: wanted both ` +
        `even and at least two micro-batches a stage; nearest: ${enough} on ${even}`,
    );
  }
  const half = stages / 2;
  const perDirection = microBatches / 2;
  return stage < half
    ? { depth: stage, half, perDirection, chunks: [0, 1], first: [0, perDirection] }
    : { depth: stages - 1 - stage, half, perDirection, chunks: [1, 0], first: [perDirection, 0] };
}

/** The order of one stage. */
export function dualPipeOrder(shape: PipelineShape, stage: number): Operation[] {
  const { depth, half, perDirection, chunks, first } = dualPipeLayout(shape, stage);
  const order: Operation[] = [];
  const owed: Operation[] = [];
  const done: Record<string, number> = { f: 0, F: 0, b: 0, B: 0 };

  function put(letter: string, paired: boolean): void {
    if (letter === "w") return void order.push(owed.shift()!);
    const far = letter < "a" ? 1 : 0;
    const chunk = chunks[far];
    const forward = letter === "f" || letter === "F";
    const counter = forward ? letter : far === 1 ? "B" : "b";
    const microBatch = first[far] + done[counter]++;
    const split = letter === "i" || letter === "I";
    const phase = forward ? "F" : split ? "B" : "BW";
    order.push({ phase, microBatch, chunk, ...(paired ? { paired: true } : {}) });
    if (split) owed.push({ phase: "W", microBatch, chunk });
  }

  for (const [times, pattern] of parts(depth, half, perDirection)) {
    for (let i = 0; i < times; i++) {
      for (const turn of pattern.split(" ")) {
        turn.split("+").forEach((letter, at) => put(letter, at > 0));
      }
    }
  }
  return order;
}
