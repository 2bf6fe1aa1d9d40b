/**
 * What the two families of generated matrix kernels share: bindings, uniforms, the prologue that
 * finds a workgroup's rows, loads from a buffer or a texture mirror, and the epilogue.
 *
 * Matrices are read as vectors of four columns; every index counts vectors.
 *
 * @module
 */
import type { Program, Variant } from "./variant.ts";

/** Four letters of a vector's components. */
export const COMPONENTS = "xyzw";

/** Bindings and uniforms. Inputs in order: A, B, C, then row ids and tile map where used. */
export function header(v: Variant, program: Program): string {
  const matrix = v.source === "texture" ? "texture_storage_2d<rgba32float, read>" : "array<vec4f>";
  const space = v.source === "texture" ? "" : "<storage, read>";
  const lines = [
    "struct Params { m: u32, columns: u32, depth: u32, a_pitch: u32,",
    "  b_pitch: u32, b_plane: u32, divisor: u32 };",
    `@group(0) @binding(0) var${space} a_matrix: ${matrix};`,
    `@group(0) @binding(1) var${space} b_matrix: ${matrix};`,
    "@group(0) @binding(2) var<storage, read_write> c_matrix: array<vec4f>;",
  ];
  let binding = 3;
  const extra = (name: string, type: string) =>
    lines.push(`@group(0) @binding(${binding++}) var<storage, read> ${name}: ${type};`);
  if (program.gather) extra("row_ids", "array<u32>");
  if (program.grouped) extra("tile_map", "array<vec4u>");
  lines.push(`@group(0) @binding(${binding}) var<uniform> p: Params;`);
  return lines.join("\n");
}

/**
 * The expression that loads vector `index` of a matrix.
 *
 * A mirror is read as a storage texture: software Vulkan expands such a load in place, where that
 * of a sampled texture is a call.
 */
export function load(v: Variant, matrix: "a_matrix" | "b_matrix", index: string): string {
  return v.source === "texture"
    ? `textureLoad(${matrix}, vec2u((${index}) & 1023u, (${index}) >> 10u))`
    : `${matrix}[${index}]`;
}

/** Workgroups side by side that take turns over the rows, see {@linkcode banded}. */
const BAND = 2;

/**
 * The function that gives a workgroup its place in the result: in bands of two, down the rows.
 *
 * Workgroups run in the order of their ids. In the usual order all of B goes by between two uses of
 * a column; in bands the columns of a band stay in the cache while the rows go by, and a tile of A
 * is used twice in a row.
 */
export function banded(): string {
  return [
    "fn banded(group: vec3u, groups: vec3u) -> vec2u {",
    "let order = group.y * groups.x + group.x;",
    `let first = order / (${BAND}u * groups.y) * ${BAND}u;`,
    `let width = min(${BAND}u, groups.x - first);`,
    "let at = order - first * groups.y;",
    "return vec2u(first + at % width, at / width);",
    "}",
  ].join("\n");
}

/**
 * Sets `row0`, `row_end` (exclusive) and `plane` (first vector of this workgroup's weights) from
 * the workgroup's `place` in the result.
 */
export function rowsOfWorkgroup(v: Variant, program: Program): string {
  const planes = program.swiglu ? "2u * " : "";
  return program.grouped
    ? [
      "let tile = tile_map[place.y];",
      "let row0 = tile.y;",
      "let row_end = tile.z;",
      `let plane = ${planes}tile.x * p.b_plane;`,
    ].join("\n")
    : [
      `let row0 = place.y * ${v.rows}u;`,
      "let row_end = p.m;",
      "let plane = 0u;",
    ].join("\n");
}

/** The expression of the A row that output row `row` reads. */
export function sourceRow(program: Program, row: string): string {
  return program.gather ? `row_ids[${row}] / p.divisor` : row;
}

/** The function of the SwiGLU epilogue, where it is used. */
export function activation(program: Program): string {
  return program.swiglu
    ? "fn swiglu(gate: vec4f, up: vec4f) -> vec4f { return gate / (1.0 + exp(-gate)) * up; }"
    : "";
}
