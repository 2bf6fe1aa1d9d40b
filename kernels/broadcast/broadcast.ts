/**
 * Pointwise functions of up to three matrices that stretch over one another, and their gradients.
 *
 * A function comes as WGSL of its value and of its slope along each operand. The gradient of an
 * operand is slope times what arrives; where the operand was stretched, that is summed over the rows
 * or columns that shared it, in an order that the shape fixes.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { operandNames, operandsIn, stepsOf, stretchedShape } from "./operands.ts";
import { type BroadcastFunction, broadcastShader, readBySlopes, slopeShader } from "./shaders.ts";
import { sumsTo } from "./sums.ts";

/** What both directions are told. */
export interface BroadcastOptions {
  /** The function. */
  of: BroadcastFunction;
  /** Numbers of the host that the texts name; they are taken as 32-bit floats. */
  values?: Readonly<Record<string, number>>;
  /** Label of the launch and of the result. */
  label: string;
}

/** The uniforms of a launch that makes matrices like `result` of the operands read. */
const uniformsOf = (
  { shape: [rows, columns], pitch }: Tensor,
  options: { read: readonly Tensor[]; values: Readonly<Record<string, number>> },
) => [
  ...[rows, columns, pitch / 4],
  ...options.read.flatMap(stepsOf),
  ...Object.values(options.values).map((f32) => ({ f32 })),
];

/**
 * Records y = f(a, b, c) for each element; operands stretch to the shape [T, N] of the largest.
 *
 * @throws {RangeError} where an operand does not stretch, or holds no f32.
 *
 * @example A column times a row
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const a = pool.upload("a", [2, 1], Float32Array.of(1, 2));
 * const b = pool.upload("b", [1, 3], Float32Array.of(3, 4, 5));
 * const recorder = k.createRecorder(pool);
 * const of = { wgsl: "a * b", slopes: ["b", "a"] };
 * const y = k.broadcast(recorder, [a, b], { of, label: "outer" });
 * const [da, db] = k.broadcastBackward(recorder, y, {
 *   operands: [a, b],
 *   y,
 *   wanted: [0, 1],
 *   of,
 *   label: "outer backward",
 * });
 * recorder.submit();
 * const values = await k.download(device, [y, da, db]);
 * device.close();
 * assertEquals(values.map((v) => [...v]), [[3, 4, 5, 6, 8, 10], [50, 100], [15, 20, 25]]);
 * ```
 */
export function broadcast(
  recorder: Recorder,
  operands: readonly Tensor[],
  options: BroadcastOptions,
): Tensor {
  const { of, values = {}, label } = options;
  for (const { dtype, label: operand } of operands) {
    if (dtype === "f32") continue;
    throw new RangeError(`Cannot make ${label} of ${operand}: found ${dtype}, wanted f32`);
  }
  const shape = stretchedShape(label, operands.map((t) => t.shape));
  const y = recorder.pool.tensor(label, shape);
  const read = operandsIn(of.wgsl).map((name) => operands[operandNames.indexOf(name)]);
  recorder.launch({
    label,
    kernel: compile(
      recorder.device,
      label,
      shaderText(
        `broadcast ${JSON.stringify([of, Object.keys(values)])}`,
        () => broadcastShader(of, Object.keys(values)),
      ),
    ),
    inputs: [...read, y],
    uniforms: uniformsOf(y, { read, values }),
    grid: linearGrid(shape[0] * y.pitch / 4),
  });
  return y;
}

/**
 * Records the gradients of the operands `wanted` (0, 1, 2), in that order, from dy [T, N]; none has
 * the memory of dy. One launch makes all products with slopes, a sum each what was stretched.
 */
export function broadcastBackward(
  recorder: Recorder,
  dy: Tensor,
  options: BroadcastOptions & {
    operands: readonly Tensor[];
    /** The value, where a slope names it. */
    y: Tensor;
    wanted: readonly number[];
  },
): Tensor[] {
  const { of, operands, y, wanted, values = {}, label } = options;
  const { pool, device } = recorder;
  const isStretched = (k: number) => operands[k].shape.join() !== dy.shape.join();
  // What is only summed needs no product with 1.
  const summed = wanted.filter((k) => of.slopes[k] === "1.0" && isStretched(k));
  const made = wanted.filter((k) => !summed.includes(k));
  const products = made.map((k) => pool.tensor(`${label} ${operandNames[k]}`, dy.shape));
  if (made.length > 0) {
    const { used, ofValue } = readBySlopes(of, made);
    const read = used.map((name) => operands[operandNames.indexOf(name)]);
    recorder.launch({
      label,
      kernel: compile(
        device,
        label,
        shaderText(
          `slopes ${JSON.stringify([of, made, Object.keys(values)])}`,
          () => slopeShader(of, { wanted: made, values: Object.keys(values) }),
        ),
      ),
      inputs: [dy, ...read, ...ofValue ? [y] : [], ...products],
      uniforms: uniformsOf(dy, { read, values }),
      grid: linearGrid(dy.shape[0] * dy.pitch / 4),
    });
  }
  return wanted.map((k) => {
    const product = summed.includes(k) ? dy : products[made.indexOf(k)];
    if (!isStretched(k)) return product;
    const [rows, columns] = operands[k].shape;
    const sums = sumsTo(recorder, product, { shape: [rows, columns], label: `${label} sums` });
    if (product !== dy) pool.release(product);
    return sums;
  });
}
