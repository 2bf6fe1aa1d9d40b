/**
 * Matrices and lists of indices made element by element: whatever an element is, one function of its
 * row and column in WGSL says it, and this file alone knows how the result lies in memory.
 *
 * A matrix of floats is padded to 8 columns, and what pads it is 0. Indices are flat, row by row, u32,
 * with {@linkcode NO_ID} for none.
 *
 * @module
 */
import { shaderText } from "../shader_text.ts";
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import type { Tensor } from "../tensor.ts";

/** The index that names nothing. */
export const NO_ID = 0xffffffff;

/** Rows and columns of what is made. */
export type MatrixShape = readonly [rows: number, columns: number];

/** A kernel that makes one element at a time. */
export interface ElementRecipe {
  /** Operator, for labels. */
  name: string;
  /** What is made: a matrix of f32, or u32 indices. */
  gives: "f32" | "u32";
  /**
   * Tensors that are read, by name, with their element type. A matrix `x` of f32 comes with
   * `p.x_rows`, `p.x_columns` and `p.x_pitch` (from one row to the next), indices with `p.x_count`.
   */
  reads?: Readonly<Record<string, "f32" | "u32">>;
  /** Numbers of the host, by name: `p.name`. */
  values?: Readonly<Record<string, "f32" | "u32">>;
  /** WGSL functions that the body calls. */
  functions?: string;
  /** WGSL body of `element(row, column)`, which returns an f32 or a u32; `NONE` is {@linkcode NO_ID}. */
  body: string;
}

/** What a launch of a recipe works on. */
export interface ElementOptions {
  /** Rows and columns of the result. */
  shape: MatrixShape;
  /** The tensors by their names in the recipe. */
  tensors?: Readonly<Record<string, Tensor>>;
  /** The numbers by their names in the recipe. */
  values?: Readonly<Record<string, number>>;
  /** True for f32 [columns] without padding, instead of a matrix of one row. */
  flat?: boolean;
  /** A matrix of that shape to add to, and to give back, instead of making one. */
  into?: Tensor;
  /** Label of the launch and of the result; the recipe's name where absent. */
  label?: string;
}

const sizeNames = (name: string, type: "f32" | "u32") =>
  type === "u32" ? [`${name}_count`] : [`${name}_rows`, `${name}_columns`, `${name}_pitch`];

/** Rows, columns and pitch of a matrix; a list of numbers is one row. */
function sizesOf({ shape, pitch }: Tensor): number[] {
  return shape.length === 1 ? [1, shape[0], shape[0]] : [shape[0], shape[1], pitch];
}

/** WGSL: the head of a main of one thread a vector or a column of each row, up to `i` and `row`. */
export const rowsMain = (threads: "vectors" | "columns"): string => `
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let row = i / p.${threads};
  if (row >= p.rows) { return; }`;

const floatMain = (adds: boolean) =>
  `${rowsMain("vectors")}
  let first = 4u * (i - row * p.vectors);
  var v = vec4f();
  for (var j = 0u; j < 4u; j++) {
    if (first + j < p.columns) { v[j] = element(row, first + j); }
  }
  result[i] ${adds ? "+=" : "="} v;
}
`;

const idMain = `${rowsMain("columns")}
  result[i] = element(row, i - row * p.columns);
}
`;

/** The WGSL of a recipe whose result is made, or added to what is there. */
export function elementShader(recipe: ElementRecipe, adds = false): string {
  const { gives, reads = {}, values = {}, functions = "", body } = recipe;
  const names = Object.entries(reads);
  const sizes = names.flatMap(([name, type]) => sizeNames(name, type));
  const fields = [
    ...["rows", "columns", "vectors", ...sizes].map((field) => `${field}: u32`),
    ...Object.entries(values).map(([name, type]) => `${name}: ${type}`),
  ];
  const result = gives === "f32" ? "vec4f" : "u32";
  return `const NONE = ${NO_ID}u;
struct Params { ${fields.join(", ")} };
${
    names.map(([name, type], i) =>
      `@group(0) @binding(${i}) var<storage, read> ${name}: array<${type}>;\n`
    ).join("")
  }@group(0) @binding(${names.length}) var<storage, read_write> result: array<${result}>;
@group(0) @binding(${names.length + 1}) var<uniform> p: Params;
${functions}
fn element(row: u32, column: u32) -> ${gives} {
  ${body}
}
${gives === "f32" ? floatMain(adds) : idMain}`;
}

function checkType(recipe: ElementRecipe, tensor: Tensor, type: "f32" | "u32"): void {
  if (tensor.dtype === type && tensor.offset === 0) return;
  const found = tensor.offset === 0 ? tensor.dtype : "a view of rows";
  throw new RangeError(`Cannot ${recipe.name} ${tensor.label}: found ${found}, wanted ${type}`);
}

/**
 * Records a kernel that makes a matrix [rows, columns] of f32, or rows * columns indices.
 *
 * @throws {RangeError} where a tensor holds another type than the recipe says.
 *
 * @example A table of products
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const recorder = k.createRecorder(k.createPool(device));
 * const table = k.elements(recorder, {
 *   name: "table",
 *   gives: "f32",
 *   body: "return f32((row + 1u) * (column + 1u));",
 * }, { shape: [2, 3] });
 * recorder.submit();
 * const [values] = await k.download(device, [table]);
 * device.close();
 * assertEquals([...values], [1, 2, 3, 2, 4, 6]);
 * ```
 */
export function elements(
  recorder: Recorder,
  recipe: ElementRecipe,
  options: ElementOptions,
): Tensor {
  const { shape, tensors = {}, values = {}, flat = false, into, label = recipe.name } = options;
  const { gives, reads = {} } = recipe;
  const [rows, columns] = shape;
  const { pool, device } = recorder;
  const dims = gives === "u32" || flat ? [rows * columns] : shape;
  if (into && (gives === "u32" || into.shape.join() !== dims.join())) {
    throw new RangeError(
      `Cannot add ${label} [${dims.join(", ")}] to ${into.label} [${into.shape.join(", ")}]`,
    );
  }
  const result = into ?? pool.tensor(label, dims, { dtype: gives });
  result.slot.mirrored = false;
  const names = Object.entries(reads);
  for (const [name, type] of names) checkType(recipe, tensors[name], type);
  const vectors = Math.ceil(result.pitch / 4);
  recorder.launch({
    label,
    kernel: compile(
      device,
      recipe.name,
      shaderText(
        `elements ${JSON.stringify([recipe, into !== undefined])}`,
        () => elementShader(recipe, into !== undefined),
      ),
    ),
    inputs: [...names.map(([name]) => tensors[name]), result],
    uniforms: [
      ...[rows, columns, vectors],
      ...names.flatMap(([name, type]) =>
        type === "u32" ? [tensors[name].shape[0]] : sizesOf(tensors[name])
      ),
      ...Object.entries(recipe.values ?? {}).map(([name, type]) =>
        type === "f32" ? { f32: values[name] } : values[name] >>> 0
      ),
    ],
    grid: linearGrid(gives === "f32" ? rows * vectors : rows * columns),
  });
  return result;
}
