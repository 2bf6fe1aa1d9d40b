/**
 * Memory of a stage along its program: what each operation adds and frees.
 *
 * A forward pass adds what its chunk keeps, and for its time the working memory of the widest layer
 * or of the loss. A backward pass frees what the loss kept at its beginning and the rest at its end:
 * all of it, or where the gradients of weights are put off, all but the share that these need.
 * Weights, gradients and optimiser lie beneath, and do not change.
 *
 * @module
 */
import type { Operation, PipelineProgram } from "../pipeline/program.ts";
import type { StageParts } from "./stage_parts.ts";

/** Memory at one moment, bytes. */
export interface MemoryPoint {
  /** Seconds, or operations since the beginning where no times are given. */
  at: number;
  /** Tensors that wait for their backward pass. */
  activationBytes: number;
  /** Logits. */
  logitBytes: number;
  /** Working memory of an operation that runs. */
  workingBytes: number;
  /** All of it, with what is always there. */
  totalBytes: number;
}

/** Memory of a stage in the course of a step. */
export interface MemoryTimeline {
  /** Weights, gradients, optimiser, buffers and workspaces: always there, bytes. */
  staticBytes: number;
  /** Where memory changes, in order: twice an operation, while it runs and when it has ended. */
  points: readonly MemoryPoint[];
  /** The first of the highest points. */
  peak: MemoryPoint;
  /** Index of the operation of the peak. */
  peakOperation: number;
}

/** What a timeline may be told. */
export interface MemoryTimelineOptions {
  /** When each operation of the program begins and ends; their indices unless given. */
  times?: readonly { startSeconds: number; endSeconds: number }[];
  /** Share of the kept tensors that gradients of weights need, where these are put off. */
  keptForWeight?: number;
}

/** What waits on a stage: micro-batches by chunk. */
interface Waiting {
  /** Before their backward pass. */
  whole: number[];
  /** With the gradients of their weights still to come. */
  owed: number[];
}

/** Memory with so much waiting, and something beside it. */
function pointOf(
  at: number,
  waiting: Waiting,
  options: {
    parts: StageParts;
    kept: number;
    staticBytes: number;
    beside?: Partial<Omit<MemoryPoint, "at">>;
  },
): MemoryPoint {
  const { parts, kept, staticBytes, beside } = options;
  let activationBytes = beside?.activationBytes ?? 0;
  let logitBytes = beside?.logitBytes ?? 0;
  const workingBytes = beside?.workingBytes ?? 0;
  parts.chunks.forEach((chunk, c) => {
    activationBytes += waiting.whole[c] * (chunk.keptBytes + chunk.normBytes) +
      waiting.owed[c] * chunk.keptBytes * kept;
    logitBytes += waiting.whole[c] * chunk.logitBytes;
  });
  const totalBytes = staticBytes + activationBytes + logitBytes + workingBytes;
  return { at, activationBytes, logitBytes, workingBytes, totalBytes };
}

const higher = (a: MemoryPoint, b: MemoryPoint) => b.totalBytes > a.totalBytes ? b : a;

/**
 * Memory of a stage along its program; see the module.
 *
 * @throws {RangeError} where the times are not one for each operation.
 *
 * @example A first stage of two holds two micro-batches
 * ```ts
 * import { memoryTimeline, schedule } from "@moelab/moelab/sim";
 * import { assertEquals } from "@std/assert";
 *
 * const [first] = schedule("1f1b", { stages: 2, microBatches: 8 });
 * const loss = { logitBytes: 0, workingBytes: 0 };
 * const { points, peak } = memoryTimeline(first, {
 *   ...{ weightBytes: 2, gradientBytes: 4, optimizerBytes: 12, communicationBytes: 0 },
 *   ...{ libraryBytes: 0, embeddingBytes: 0, stepBytes: 0 },
 *   chunks: [{ layers: 1, keptBytes: 10, normBytes: 0, logitBytes: 0, loss, workingBytes: 3 }],
 * });
 * assertEquals([peak.at, peak.totalBytes], [1, 18 + 2 * 10 + 3]);
 * assertEquals(points.at(-1)?.totalBytes, 18);
 * ```
 */
export function memoryTimeline(
  program: PipelineProgram,
  parts: StageParts,
  options: MemoryTimelineOptions = {},
): MemoryTimeline {
  const { operations } = program;
  const { times, keptForWeight: kept = 1 } = options;
  if (times !== undefined && times.length !== operations.length) {
    throw new RangeError(
      `Cannot draw the memory of ${operations.length} operations with ${times.length} times: ` +
        `wanted one for each`,
    );
  }
  const staticBytes = parts.weightBytes + parts.gradientBytes + parts.optimizerBytes +
    parts.communicationBytes + parts.libraryBytes;
  const zeros = () => parts.chunks.map(() => 0);
  const waiting: Waiting = { whole: zeros(), owed: zeros() };
  const points: MemoryPoint[] = [];
  let peak: MemoryPoint | undefined;
  let peakOperation = 0;
  const pointAt = (at: number, beside?: Partial<Omit<MemoryPoint, "at">>) =>
    pointOf(at, waiting, { parts, kept, staticBytes, beside });
  operations.forEach((operation, i) => {
    const { startSeconds: start, endSeconds: end } = times?.[i] ??
      { startSeconds: i, endSeconds: i + 1 };
    const running = runOperation(operation, { parts, waiting, pointAt, start });
    if (peak === undefined || running.totalBytes > peak.totalBytes) {
      [peak, peakOperation] = [running, i];
    }
    points.push(running, pointAt(end));
  });
  return { staticBytes, points, peak: peak ?? pointAt(0), peakOperation };
}

/** Changes what waits as an operation does, and gives the highest point while it runs. */
function runOperation(
  { phase, chunk: c }: Operation,
  site: {
    parts: StageParts;
    waiting: Waiting;
    pointAt: (at: number, beside?: Partial<Omit<MemoryPoint, "at">>) => MemoryPoint;
    start: number;
  },
): MemoryPoint {
  const { parts, waiting, pointAt, start } = site;
  const { keptBytes, normBytes, logitBytes, loss, workingBytes } = parts.chunks[c];
  // Layers run without the tensors of the loss.
  const layers = {
    activationBytes: -normBytes,
    logitBytes: -logitBytes,
    workingBytes,
  };
  if (phase === "F") {
    waiting.whole[c]++;
    return higher(pointAt(start, layers), pointAt(start, loss));
  }
  if (phase === "W") {
    const running = pointAt(start);
    waiting.owed[c]--;
    return running;
  }
  const running = pointAt(start, layers);
  waiting.whole[c]--;
  const table = c === 0 ? parts.embeddingBytes : 0;
  const given = pointAt(start, { workingBytes: table });
  if (phase === "B") waiting.owed[c]++;
  return keptBytes > 0 ? higher(running, given) : given;
}
