/**
 * Weights of experts as matrices of the language, and as the banks [E, in, out] that grouped products
 * read: rows of a bank are padded, an expert begins on a multiple of 8 of them.
 *
 * @module
 */
import {
  type ElementRecipe,
  elements,
  PAD,
  type Recorder,
  roundUp,
  type Tensor,
} from "../../kernels/mod.ts";
import { viewOf } from "../nn/views.ts";

/** What lies side by side as columns [in, E out], or one below the other as rows [E in, out]. */
export type Lies = "beside" | "below";

/** A bank of experts' matrices, and who owns it. */
export interface Bank {
  /** [E, in, out]. */
  w: Tensor;
  /** Whether it was made; else it is a view. */
  made: boolean;
}

const bankRecipe = (lies: Lies): ElementRecipe => ({
  name: `experts ${lies}`,
  gives: "f32",
  reads: { x: "f32" },
  values: { inner: "u32", padded: "u32" },
  body: `let expert = row / p.padded;
  let i = row % p.padded;
  if (i >= p.inner) { return 0.0; }
  ${
    lies === "beside"
      ? "return x[i * p.x_pitch + expert * p.columns + column];"
      : "return x[(expert * p.inner + i) * p.x_pitch + column];"
  }`,
});

const matrixRecipe = (lies: Lies): ElementRecipe => ({
  name: `bank ${lies}`,
  gives: "f32",
  reads: { x: "f32" },
  values: { inner: "u32", padded: "u32" },
  body: lies === "beside"
    ? `let expert = column / p.x_columns;
  return x[(expert * p.padded + row) * p.x_pitch + column % p.x_columns];`
    : "return x[((row / p.inner) * p.padded + row % p.inner) * p.x_pitch + column];",
});

const recipes = {
  bank: { beside: bankRecipe("beside"), below: bankRecipe("below") },
  matrix: { beside: matrixRecipe("beside"), below: matrixRecipe("below") },
} as const;

/** Sizes of each expert's matrix. */
function sizesOf([rows, columns]: readonly number[], lies: Lies, experts: number) {
  const [inner, out] = lies === "beside" ? [rows, columns / experts] : [rows / experts, columns];
  return { inner, out, padded: roundUp(inner, PAD) };
}

/** The bank that a matrix holds: the same memory where its rows are padded alike. */
export function bankOf(
  recorder: Recorder,
  w: Tensor,
  { lies, experts }: { lies: Lies; experts: number },
): Bank {
  const { inner, out, padded } = sizesOf(w.shape, lies, experts);
  const shape = [experts, inner, out];
  if (lies === "below" && inner === padded) return { w: viewOf(w, shape), made: false };
  // Side by side, a matrix begins `out` columns after the one before. One binding has to hold all.
  const { maxStorageBufferBindingSize: most } = recorder.device.gpu.limits;
  if (lies === "beside" && out % PAD === 0 && w.buffer.size <= most) {
    return { w: { ...w, shape, plane: out }, made: false };
  }
  const made = elements(recorder, recipes.bank[lies], {
    ...{ shape: [experts * padded, out], tensors: { x: w }, values: { inner, padded } },
  });
  return { w: viewOf(made, shape), made: true };
}

/** The gradient of a matrix from that of its bank, which it releases or hands on. */
export function matrixOf(
  recorder: Recorder,
  bank: Tensor,
  { lies, shape }: { lies: Lies; shape: readonly [number, number] },
): Tensor {
  const [experts, , out] = bank.shape;
  const { inner, padded } = sizesOf(shape, lies, experts);
  if (lies === "below" && inner === padded) return viewOf(bank, shape);
  const x = viewOf(bank, [experts * padded, out]);
  const matrix = elements(recorder, recipes.matrix[lies], {
    ...{ shape, tensors: { x }, values: { inner, padded } },
  });
  recorder.pool.release(bank);
  return matrix;
}
