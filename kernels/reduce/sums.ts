/**
 * Sums over whole tensors, in one number on the device. The order of adding is fixed by the shapes.
 *
 * @module
 */
import { type Extent, extentOf } from "../map/extent.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { shaderText } from "../shader_text.ts";
import type { Tensor } from "../tensor.ts";
import { partsShader } from "./parts_shader.ts";
import totalCode from "./total.wgsl" with { type: "text" };

/** Vectors that a thread adds at least, and threads at most for one tensor. */
const VECTORS_A_THREAD = 32;
const MOST_THREADS = 8192;
/** Tensors of one launch: with what they leave, as many buffers as every device binds. */
const MOST_TENSORS = 7;

/** What a sum is of. */
export interface SumOptions {
  /** True for the sum of squares. */
  squares?: boolean;
  /** What the sum is multiplied by; 1 where absent. */
  factor?: number;
  /** Label of the launches and of the result. */
  label?: string;
}

/** Threads that a tensor asks for, each of which leaves one number. */
function threadsOf({ planes, vectors }: Extent): number {
  return Math.min(MOST_THREADS, Math.ceil(vectors * planes / VECTORS_A_THREAD), vectors);
}

const chunksOf = (tensors: readonly Tensor[]): readonly Tensor[][] =>
  Array.from(
    { length: Math.ceil(tensors.length / MOST_TENSORS) },
    (_, i) => tensors.slice(i * MOST_TENSORS, (i + 1) * MOST_TENSORS),
  );

/**
 * Records the sum of all elements of all tensors and gives it as a tensor of one f32. Seven
 * tensors are one launch; one more adds what they left.
 *
 * For n elements in all: n FLOP (2 n for squares), n elements moved.
 *
 * @throws {RangeError} where there is no tensor.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const a = pool.upload("a", [2], Float32Array.of(1, 2));
 * const b = pool.upload("b", [1, 2], Float32Array.of(3, 4));
 * const recorder = k.createRecorder(pool);
 * const total = k.sumOf(recorder, [a, b], { squares: true });
 * recorder.submit();
 * const [values] = await k.download(device, [total]);
 * device.close();
 * assertEquals([...values], [30]);
 * ```
 */
export function sumOf(
  recorder: Recorder,
  tensors: readonly Tensor[],
  options: SumOptions = {},
): Tensor {
  const { squares = false, factor = 1, label = squares ? "sum of squares" : "sum" } = options;
  const { pool, device } = recorder;
  if (tensors.length === 0) throw new RangeError(`Cannot make the ${label} of no tensors`);
  const launches = chunksOf(tensors).map((chunk) => {
    const extents = chunk.map(({ shape }) => extentOf(shape));
    return { chunk, extents, threads: Math.max(...extents.map(threadsOf)) };
  });
  const all = launches.reduce((sum, { threads }) => sum + threads, 0);
  const parts = pool.tensor(`${label} parts`, [all]);
  let first = 0;
  for (const { chunk, extents, threads } of launches) {
    const dtypes = chunk.map(({ dtype }) => dtype);
    recorder.launch({
      label,
      kernel: compile(device, "sum parts", shaderText(`sums ${dtypes}`, () => partsShader(dtypes))),
      inputs: [...chunk, parts],
      uniforms: [
        ...[threads, squares ? 1 : 0, first, 0],
        ...extents.flatMap(({ planes, live, vectors, stride }) => [planes, live, vectors, stride]),
      ],
      grid: linearGrid(threads),
    });
    first += threads;
  }
  const total = pool.tensor(label, [1]);
  recorder.launch({
    label,
    kernel: compile(device, "sum total", totalCode),
    inputs: [parts, total],
    uniforms: [all, { f32: factor }],
    grid: [1],
  });
  pool.release(parts);
  return total;
}

/** Records the mean of all elements of a tensor and gives it as a tensor of one f32. */
export function meanOf(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const factor = 1 / x.shape.reduce((a, b) => a * b, 1);
  return sumOf(recorder, [x], { label: "mean", ...options, factor });
}
