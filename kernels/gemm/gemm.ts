/**
 * Dense matrix products: C = A B, and the SwiGLU product silu(A Wgate) * (A Wup).
 *
 * @module
 */
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";
import type { Variant } from "./variant.ts";

function checkInner(what: string, a: number, b: number): void {
  if (a !== b) throw new RangeError(`Cannot multiply for ${what}: A has ${a} columns, B ${b} rows`);
}

/** Records C[m, n] = A[m, k] B[k, n] and gives C, a tensor of the recorder's pool. */
export function gemm(
  recorder: Recorder,
  a: Tensor,
  options: { b: Tensor; label: string; variant: Variant },
): Tensor {
  const { b, label, variant } = options;
  const [m, k] = a.shape;
  const [kb, n] = b.shape;
  checkInner(label, k, kb);
  const c = recorder.pool.tensor(label, [m, n]);
  const program = { grouped: false, gather: false, swiglu: false };
  matmul(recorder, { label, a, b, c, m, n, k, program, variant });
  return c;
}

/** Records H[m, n] = silu(A W[0]) * (A W[1]) with W[2, k, n] (gate, up) and gives H. */
export function gemmSwiglu(
  recorder: Recorder,
  a: Tensor,
  options: { b: Tensor; label: string; variant: Variant },
): Tensor {
  const { b, label, variant } = options;
  const [m, k] = a.shape;
  const [, kb, n] = b.shape;
  checkInner(label, k, kb);
  const c = recorder.pool.tensor(label, [m, n]);
  const program = { grouped: false, gather: false, swiglu: true };
  matmul(recorder, { label, a, b, c, m, n, k, program, variant });
  return c;
}
