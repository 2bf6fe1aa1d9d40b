/**
 * Sums of the rows, of the columns, or of all of a matrix, as matrices [T, 1], [1, N] and [1, 1]; and
 * log-sum-exp of the rows. The order of adding is fixed by the shape.
 *
 * @module
 */
import type { MatrixShape } from "../elements/elements.ts";
import { bindingsText, rowLanes, rowLanesText, rowMain } from "../norm/rows.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { growText, hasText } from "../softmax/shaders.ts";
import type { Tensor } from "../tensor.ts";
import columnsCode from "./columns.wgsl" with { type: "text" };

/** Vectors from which on a matrix is added column by column before all is added. */
const MANY_VECTORS = 16384;

const rowTexts = {
  sum: `
  var sums = vec4f();
  for (var c = lane; c < p.vectors; c += LANES) { sums += x[at + c]; }
  let result = row_sum(dot(sums, vec4f(1.0)), lane);`,
  "log-sum-exp": `
  for (var c = lane; c < p.vectors; c += LANES) { grow(x[at + c], has(c)); }
  let highest = highest_of(lane);
  let result = highest + log(total_of(lane, highest));`,
};

/** Records the sum or the log-sum-exp of each row of x[T, N]: [T, 1]. */
export function rowTotals(
  recorder: Recorder,
  x: Tensor,
  options: { kind: "sum" | "log-sum-exp"; label?: string },
): Tensor {
  const { kind, label = `rows' ${kind}` } = options;
  const { pool, device } = recorder;
  const [rows, columns] = x.shape;
  const lanes = rowLanes(device, rows);
  const y = pool.tensor(label, [rows, 1]);
  const text = `struct Params { rows: u32, columns: u32, vectors: u32 };
${bindingsText([["x", "vec4f"], ["y", "vec4f", "write"]])}
${rowLanesText[lanes]}${kind === "sum" ? "" : hasText + growText}
${rowMain}
  let at = row * p.vectors;${rowTexts[kind]}
  if (lane == 0u) {
    y[2u * row] = vec4f(result, 0.0, 0.0, 0.0);
    y[2u * row + 1u] = vec4f();
  }
}
`;
  recorder.launch({
    label,
    kernel: compile(device, `rows' ${kind}`, text),
    inputs: [x, y],
    uniforms: [rows, columns, x.pitch / 4],
    grid: linearGrid(rows * lanes),
  });
  return y;
}

/** Records the sum of each column of x[T, N]: [1, N]. */
export function columnTotals(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const { label = "columns' sum" } = options;
  const [rows, columns] = x.shape;
  const y = recorder.pool.tensor(label, [1, columns]);
  const vectors = x.pitch / 4;
  recorder.launch({
    label,
    kernel: compile(recorder.device, "columns' sum", columnsCode),
    inputs: [x, y],
    uniforms: [rows, vectors, vectors, 0],
    grid: linearGrid(64 * vectors),
  });
  return y;
}

/** Records the sum of all of x[T, N]: [1, 1]. */
export function matrixTotal(
  recorder: Recorder,
  x: Tensor,
  options: { label?: string } = {},
): Tensor {
  const { label = "total" } = options;
  const vectors = x.shape[0] * x.pitch / 4;
  if (vectors > MANY_VECTORS && x.shape[0] > 1) {
    const columns = columnTotals(recorder, x, { label });
    const total = matrixTotal(recorder, columns, { label });
    recorder.pool.release(columns);
    return total;
  }
  const y = recorder.pool.tensor(label, [1, 1]);
  recorder.launch({
    label,
    kernel: compile(recorder.device, "columns' sum", columnsCode),
    // Whole rows lie one behind the other, padded with zeros: all is one column of vectors.
    inputs: [x, y],
    uniforms: [vectors, 1, 2, 1],
    grid: [1],
  });
  return y;
}

/**
 * Records the sums of x[T, N] that have `shape`: [T, 1], [1, N] or [1, 1].
 *
 * @throws {RangeError} where they have another.
 */
export function sumsTo(
  recorder: Recorder,
  x: Tensor,
  options: { shape: MatrixShape; label?: string },
): Tensor {
  const { shape: [rows, columns], label } = options;
  const [t, n] = x.shape;
  if (rows === 1 && columns === 1) return matrixTotal(recorder, x, { label });
  if (rows === 1 && columns === n) return columnTotals(recorder, x, { label });
  if (rows === t && columns === 1) return rowTotals(recorder, x, { kind: "sum", label });
  throw new RangeError(
    `Cannot sum ${x.label} [${x.shape.join(", ")}] to [${rows}, ${columns}]: ` +
      `wanted [${t}, 1], [1, ${n}] or [1, 1]`,
  );
}
