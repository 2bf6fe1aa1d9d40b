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
  const matrix = v.source === "texture" ? "texture_2d<f32>" : "array<vec4f>";
  const space = v.source === "texture" ? "" : "<storage, read>";
  const lines = [
    "struct Params { m: u32, columns: u32, depth: u32, a_pitch: u32,",
    "  b_pitch: u32, b_plane: u32, divisor: u32, swap: u32 };",
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

/** The expression that loads vector `index` of a matrix. */
export function load(v: Variant, matrix: "a_matrix" | "b_matrix", index: string): string {
  return v.source === "texture"
    ? `textureLoad(${matrix}, vec2u((${index}) & 1023u, (${index}) >> 10u), 0)`
    : `${matrix}[${index}]`;
}

/** Sets `row0`, `row_end` (exclusive) and `plane` (first vector of this workgroup's weights). */
export function rowsOfWorkgroup(v: Variant, program: Program): string {
  const planes = program.swiglu ? "2u * " : "";
  return program.grouped
    ? [
      "let tile = tile_map[group.y];",
      "let row0 = tile.y;",
      "let row_end = tile.z;",
      `let plane = ${planes}tile.x * p.b_plane;`,
    ].join("\n")
    : [
      `let row0 = group.y * ${v.rows}u;`,
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
