/**
 * Matrix products with the weights of each row's expert, rows sorted by expert. How many rows each
 * expert has is known on the device alone: the launch is indirect, its tiles come from a map.
 *
 * @module
 */
import type { TokenGroups } from "../group_tokens/group_tokens.ts";
import { matmul } from "../gemm/matmul.ts";
import type { Variant } from "../gemm/variant.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Records H[T * K, F] = silu(x W[e, 0]) * (x W[e, 1]) with W[E, 2, D, F]: the row of each choice is
 * gathered from x[T, D] while it is read.
 */
export function groupedGemmSwiglu(
  recorder: Recorder,
  x: Tensor,
  options: { w: Tensor; groups: TokenGroups; topK: number; label: string; variant: Variant },
): Tensor {
  const { w, groups, topK, label, variant } = options;
  const [, , k, n] = w.shape;
  const c = recorder.pool.tensor(label, [x.shape[0] * topK, n]);
  matmul(recorder, {
    label,
    a: x,
    b: w,
    c,
    n,
    k,
    program: { grouped: true, gather: true, swiglu: true },
    variant,
    groups: {
      rowIds: groups.rowIds,
      divisor: topK,
      tileMap: groups.tileMap,
      grid: { indirect: groups.grids, at: 0 },
    },
  });
  return c;
}

/** Records C[rows, D] = H[rows, F] W[e], W[E, F, D], for rows sorted by expert. */
export function groupedGemm(
  recorder: Recorder,
  h: Tensor,
  options: { w: Tensor; groups: TokenGroups; label: string; variant: Variant },
): Tensor {
  const { w, groups, label, variant } = options;
  const [, k, n] = w.shape;
  const c = recorder.pool.tensor(label, [h.shape[0], n]);
  matmul(recorder, {
    label,
    a: h,
    b: w,
    c,
    n,
    k,
    program: { grouped: true, gather: false, swiglu: false },
    variant,
    groups: {
      rowIds: groups.rowIds,
      divisor: 1,
      tileMap: groups.tileMap,
      grid: { indirect: groups.grids, at: 3 },
    },
  });
  return c;
}
