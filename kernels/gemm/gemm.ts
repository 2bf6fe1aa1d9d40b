/**
 * Dense matrix products: C = A B with either operand transposed, bias, activation and residual; and
 * the gated product act(A W[0]) * (A W[1]).
 *
 * @module
 */
import type { Recorder } from "../recorder.ts";
import type { Storage } from "../storage.ts";
import type { Tensor } from "../tensor.ts";
import type { ActivationKind } from "../activation/forms.ts";
import { matmul } from "./matmul.ts";
import type { QuantisedTensor } from "../quantise/quantise.ts";
import { transposesA, transposesB } from "./variant.ts";
import type { Form, Program, Variant, WeightStorage } from "./variant.ts";

/** What all products take beside A. */
export interface ProductOptions {
  /** The weights; quantised ones are multiplied as they are, not transposed. */
  b: Weights;
  /** Label of the launch and of the result. */
  label: string;
  /** Kernel variant to run. */
  variant: Variant;
}

/** What a dense product can do besides. */
export interface GemmOptions extends ProductOptions {
  /** A is stored as [k, m]. */
  transposeA?: boolean;
  /** B is stored as [n, k]. */
  transposeB?: boolean;
  /** A vector [n] that is added to each row. */
  bias?: Tensor;
  /** A function that each sum, with its bias, goes through. */
  activation?: ActivationKind;
  /** A matrix [m, n] that is added last. */
  add?: Tensor;
  /** Where to write C, such as some rows of a matrix; a new tensor where absent. */
  into?: Tensor;
  /** Adds to what `into` holds. */
  accumulate?: boolean;
}

/** Weights as floats, or quantised. */
export type Weights = Tensor | QuantisedTensor;

/** What a launch needs to know of its weights. */
export function weightsOf(b: Weights): { b: Tensor; scales?: Tensor; weights: WeightStorage } {
  if ("words" in b) {
    return { b: b.words, scales: b.scales, weights: b.bits === 8 ? "q8" : "q4" };
  }
  if (b.dtype === "u32") throw new RangeError(`Cannot multiply by ${b.label}: it holds integers`);
  return { b, weights: b.dtype };
}

/** The storage of A and C of a program: f32, or f16 where A is. */
export function floatStorage(a: Tensor): "f32" | "f16" {
  return a.dtype === "f16" ? "f16" : "f32";
}

function formOf({ transposeA, transposeB }: GemmOptions): Form {
  return `${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}`;
}

/**
 * Records C[m, n] = op(A) op(B), with bias, activation and residual where given, and gives C.
 *
 * The gradients of a gated product have planes: with B transposed, A[planes, m, k] and
 * B[planes, n, k] are multiplied plane by plane and summed; with A transposed, B[planes, k, n]
 * gives C[planes, m, n].
 *
 * @throws {RangeError} where the inner sizes differ.
 *
 * @example A product from beginning to end
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const a = pool.upload("a", [2, 2], Float32Array.of(1, 2, 3, 4));
 * const b = pool.upload("b", [2, 2], Float32Array.of(5, 6, 7, 8));
 * const recorder = k.createRecorder(pool);
 * const variant = k.parseVariant("tile-16x1x16x1-buffer");
 * const c = k.gemm(recorder, a, { b, label: "c", variant });
 * recorder.submit();
 * const [values] = await k.download(device, [c]);
 * device.close();
 * assertEquals([...values], [19, 22, 43, 50]);
 * ```
 */
export function gemm(recorder: Recorder, a: Tensor, options: GemmOptions): Tensor {
  const { b, label, variant, bias, activation, add, accumulate } = options;
  const form = formOf(options);
  const [m, k] = transposesA(form) ? [a.shape[1], a.shape[0]] : a.shape.slice(-2);
  const [n, kb] = transposesB(form) ? b.shape.slice(-2) : b.shape.slice(-2).toReversed();
  if (k !== kb) {
    throw new RangeError(
      `Cannot multiply for ${label} (${form}): A has inner size ${k}, B ${kb}`,
    );
  }
  const storage = floatStorage(a);
  const planes = form === "nn" || b.shape.length < 3 ? 1 : b.shape[0];
  const shape = form === "tn" && planes > 1 ? [planes, m, n] : [m, n];
  const c = options.into ?? recorder.pool.tensor(label, shape, { dtype: storage });
  c.slot.mirrored = false;
  const epilogue = {
    ...(bias && { bias: true }),
    ...(activation && { activation }),
    ...(add && { add: true }),
    ...(accumulate && { accumulate: true }),
  };
  const { weights, ...operands } = weightsOf(b);
  if ("words" in b && form !== "nn") {
    throw new RangeError(`Cannot multiply for ${label} (${form}): B is quantised, wanted nn`);
  }
  const program: Program = { form, epilogue, storage, weights };
  const sizes = { m, n, k, planes };
  matmul(recorder, { label, a, ...operands, c, ...sizes, program, variant, bias, added: add });
  return c;
}

/** The result of a gated product, and both sums where they are kept. */
export interface GatedProduct {
  /** act(sum 0) * sum 1, [rows, n]. */
  y: Tensor;
  /** Both sums, [2, rows, n]. */
  kept?: Tensor;
}

/** The tensors that a gated product writes. */
export function gatedResult(
  recorder: Recorder,
  label: string,
  options: { rows: number; n: number; dtype: Storage; keep?: boolean },
): GatedProduct {
  const { rows, n, dtype, keep } = options;
  const y = recorder.pool.tensor(label, [rows, n], { dtype });
  return keep ? { y, kept: recorder.pool.tensor(`${label} kept`, [2, rows, n], { dtype }) } : { y };
}

/**
 * Records Y[m, n] = gate(A W[0]) * (A W[1]) with W[2, k, n] (gate, up); `keep` stores both sums.
 *
 * @throws {RangeError} where the inner sizes differ.
 */
export function gemmGated(
  recorder: Recorder,
  a: Tensor,
  options: ProductOptions & { gate: ActivationKind; keep?: boolean },
): GatedProduct {
  const { b, label, variant, gate, keep } = options;
  const [m, k] = a.shape;
  const [kb, n] = b.shape.slice(-2);
  if (k !== kb) {
    throw new RangeError(`Cannot multiply for ${label}: A has ${k} columns, B ${kb} rows`);
  }
  const storage = floatStorage(a);
  const result = gatedResult(recorder, label, { rows: m, n, dtype: storage, keep });
  const epilogue = { gate, ...(keep && { keep }) };
  const { weights, ...operands } = weightsOf(b);
  const program: Program = { form: "nn", epilogue, storage, weights };
  const { y: c, kept } = result;
  matmul(recorder, { label, a, ...operands, c, m, n, k, program, variant, kept });
  return result;
}

/** Records H[m, n] = silu(A W[0]) * (A W[1]) with W[2, k, n] (gate, up) and gives H. */
export function gemmSwiglu(recorder: Recorder, a: Tensor, options: ProductOptions): Tensor {
  return gemmGated(recorder, a, { ...options, gate: "silu" }).y;
}
