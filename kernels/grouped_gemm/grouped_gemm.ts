/**
 * Matrix products with the weights of each row's expert, rows sorted by expert, and their gradients.
 * How many rows each expert has is known on the device alone: a launch has as many workgroups as
 * there can be tiles, and those without a tile return.
 *
 * @module
 */
import type { ActivationKind } from "../activation/forms.ts";
import {
  floatStorage,
  type GatedProduct,
  gatedResult,
  type Weights,
  weightsOf,
} from "../gemm/gemm.ts";
import { type Gather, matmul, type RowGroups } from "../gemm/matmul.ts";
import type { Program, Variant } from "../gemm/variant.ts";
import type { TokenGroups } from "../group_tokens/group_tokens.ts";
import type { Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/** What all grouped products take beside their rows. */
export interface GroupedOptions {
  /** Which rows belong to which expert. */
  groups: TokenGroups;
  /** Label of the launch and of the result. */
  label: string;
  /** Kernel variant to run. */
  variant: Variant;
}

/** Rows in tiles, for products whose rows are those of the result. */
const tiles = (g: TokenGroups): RowGroups => ({
  count: g.experts,
  map: g.tileMap,
  mostTiles: g.mostTiles,
});

/** Where each group's rows begin, for products that sum over rows. */
const segments = (g: TokenGroups): RowGroups => ({ ...tiles(g), map: g.offsets });

/** Rows of the token matrix, by the token in each row. */
function gatherOf(of: "a" | "b" | undefined, { rowTokens }: TokenGroups): Gather | undefined {
  return of && { of, ids: rowTokens };
}

function checkInner(label: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new RangeError(
    `Cannot multiply for ${label}: rows of ${found} columns, weights of inner size ${wanted}`,
  );
}

/**
 * Records Y[rows, F] = gate(x W[e, 0]) * (x W[e, 1]) with W[E, 2, D, F]: the row of each choice is
 * gathered from x[T, D] while it is read. `keep` stores both sums, [2, rows, F].
 */
export function groupedGemmGated(
  recorder: Recorder,
  x: Tensor,
  options: GroupedOptions & {
    w: Weights;
    gate: ActivationKind;
    keep?: boolean;
  },
): GatedProduct {
  const { w, groups, label, variant, gate, keep } = options;
  const [, , k, n] = w.shape;
  checkInner(label, x.shape[1], k);
  const rows = groups.rowIds.shape[0];
  const storage = floatStorage(x);
  const result = gatedResult(recorder, label, { rows, n, dtype: storage, keep });
  const epilogue = { gate, ...(keep && { keep }) };
  const { weights, ...operands } = weightsOf(w);
  const program: Program = { form: "nn", epilogue, storage, weights };
  const gather = gatherOf("a", groups);
  const shared = { label, k, n, m: rows, program, variant, gather, groups: tiles(groups) };
  matmul(recorder, { ...shared, a: x, ...operands, c: result.y, kept: result.kept });
  return result;
}

/** Records H[rows, F] = silu(x W[e, 0]) * (x W[e, 1]), see {@linkcode groupedGemmGated}. */
export function groupedGemmSwiglu(
  recorder: Recorder,
  x: Tensor,
  options: GroupedOptions & { w: Weights },
): Tensor {
  return groupedGemmGated(recorder, x, { ...options, gate: "silu" }).y;
}

/**
 * Records C[rows, n] = A[rows, k] W[e], W[E, k, n], for rows sorted by expert; with `gather`, the
 * row of each choice is that of its token in the matrix A[T, k].
 */
export function groupedGemm(
  recorder: Recorder,
  a: Tensor,
  options: GroupedOptions & { w: Weights; gather?: boolean },
): Tensor {
  const { w, groups, gather: gathered, label, variant } = options;
  const [k, n] = w.shape.slice(-2);
  checkInner(label, a.shape[1], k);
  const rows = groups.rowIds.shape[0];
  const storage = floatStorage(a);
  const c = recorder.pool.tensor(label, [rows, n], { dtype: storage });
  const { weights, ...operands } = weightsOf(w);
  const program: Program = { form: "nn", epilogue: {}, storage, weights };
  const gather = gatherOf(gathered ? "a" : undefined, groups);
  const shared = { label, k, n, m: rows, program, variant, gather, groups: tiles(groups) };
  matmul(recorder, { ...shared, a, ...operands, c });
  return c;
}

/**
 * Records the gradient of a grouped product's rows: dA[rows, k] = sum over planes of
 * dC[plane, rows, n] W[e, plane]^T. W is [E, k, n] or [E, planes, k, n], dC [rows, n] or
 * [planes, rows, n]; with `gather`, dC is a token matrix [T, n] whose rows are gathered.
 */
export function groupedGemmInputGrad(
  recorder: Recorder,
  dc: Tensor,
  options: GroupedOptions & { w: Tensor; gather?: boolean },
): Tensor {
  const { w, groups, gather: gathered, label, variant } = options;
  // The product is dC[m, k'] W[n', k']^T: its inner size is the forward's n, its columns are its k.
  const [n, k] = w.shape.slice(-2);
  checkInner(label, dc.shape[dc.shape.length - 1], k);
  const planes = w.shape.length === 4 ? w.shape[1] : 1;
  const rows = groups.rowIds.shape[0];
  const storage = floatStorage(dc);
  const c = recorder.pool.tensor(label, [rows, n], { dtype: storage });
  const program: Program = { form: "nt", epilogue: {}, storage, weights: weightsOf(w).weights };
  const gather = gatherOf(gathered ? "a" : undefined, groups);
  const shared = { label, k, n, m: rows, planes, program, variant, gather, groups: tiles(groups) };
  matmul(recorder, { ...shared, a: dc, b: w, c });
  return c;
}

/**
 * Records the gradient of a grouped product's weights: dW[e, plane] = A_e^T dC_e[plane] over the
 * rows of expert e. The sum over the rows is one workgroup's, in their order, without atomics; an
 * expert without rows gets zeros.
 *
 * A is [rows, k], dC [rows, n] or [planes, rows, n]; dW is [E, k, n] or [E, planes, k, n]. `gather`
 * says which of the two is a token matrix whose rows are gathered.
 */
export function groupedGemmWeightGrad(
  recorder: Recorder,
  a: Tensor,
  options: GroupedOptions & { dc: Tensor; gather?: "a" | "b"; into?: Tensor },
): Tensor {
  const { dc, groups, gather, label, variant } = options;
  const m = a.shape[1];
  const n = dc.shape[dc.shape.length - 1];
  const planes = dc.shape.length === 3 ? dc.shape[0] : 1;
  const shape = planes === 1 ? [groups.experts, m, n] : [groups.experts, planes, m, n];
  const storage = floatStorage(a);
  const c = options.into ?? recorder.pool.tensor(label, shape, { dtype: storage });
  c.slot.mirrored = false;
  const k = groups.rowIds.shape[0];
  const program: Program = {
    ...{ form: "tn", epilogue: {}, storage, weights: weightsOf(dc).weights },
    gathered: gather !== undefined,
  };
  matmul(recorder, {
    ...{ label, m, n, k, planes, program, variant, groups: segments(groups) },
    gather: gatherOf(gather, groups),
    ...{ a, b: dc, c },
  });
  return c;
}
