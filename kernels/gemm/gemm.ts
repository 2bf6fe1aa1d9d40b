/**
 * Dense matrix products: C = A B, and the SwiGLU product silu(A Wgate) * (A Wup).
 *
 * @module
 */
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import type { Variant } from "./variant.ts";

/** What both products take beside A. */
export interface ProductOptions {
  /** The weights: [k, n], or [2, k, n] for SwiGLU. */
  b: Tensor;
  /** Label of the launch and of the result. */
  label: string;
  /** Kernel variant to run. */
  variant: Variant;
}

function product(
  recorder: Recorder,
  a: Tensor,
  options: ProductOptions & { swiglu: boolean },
): Tensor {
  const { b, label, variant, swiglu } = options;
  const [m, k] = a.shape;
  const [kb, n] = b.shape.slice(-2);
  if (k !== kb) {
    throw new RangeError(`Cannot multiply for ${label}: A has ${k} columns, B ${kb} rows`);
  }
  const c = recorder.pool.tensor(label, [m, n]);
  const program = { grouped: false, gather: false, swiglu };
  matmul(recorder, { label, a, b, c, m, n, k, program, variant });
  return c;
}

/**
 * Records C[m, n] = A[m, k] B[k, n] and gives C, a tensor of the recorder's pool.
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
export function gemm(recorder: Recorder, a: Tensor, options: ProductOptions): Tensor {
  return product(recorder, a, { ...options, swiglu: false });
}

/**
 * Records H[m, n] = silu(A W[0]) * (A W[1]) with W[2, k, n] (gate, up) and gives H.
 *
 * @throws {RangeError} where the inner sizes differ.
 */
export function gemmSwiglu(recorder: Recorder, a: Tensor, options: ProductOptions): Tensor {
  return product(recorder, a, { ...options, swiglu: true });
}
