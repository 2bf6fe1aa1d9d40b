/**
 * The matrix kernel for GPUs: 16 x 16 threads share tiles of A and B in workgroup memory.
 *
 * A thread owns `rows / 16` rows and `vectors` x 4 columns of the result. The A tile is stored by k,
 * so that neighbouring threads read the same words; the B tile as vectors of columns.
 *
 * @module
 */
import { activation, header, load, rowsOfWorkgroup, sourceRow } from "./shader_parts.ts";
import { type Program, type Variant, vectorsOf } from "./variant.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
const SIDE = 16;
const THREADS = SIDE * SIDE;

/** WGSL of the tile family. `variant.rows` is a multiple of 16, `variant.depth` is 16. */
export function tileShader(v: Variant, program: Program): string {
  const vectors = range(vectorsOf(v, program));
  const own = range(v.rows / SIDE);
  const depth4 = v.depth / 4;
  const tileColumns = SIDE * vectors.length;
  const columns = SIDE * (program.swiglu ? 1 : vectors.length);
  const column = (i: number) => program.swiglu ? "column" : `column + ${i * SIDE}u`;

  /** The B vector that slot `x` of the tile's row holds: plane and column. */
  const bIndex = program.swiglu
    ? `plane + (x / ${SIDE}u) * p.b_plane + min(place.x * ${columns}u + x % ${SIDE}u, p.b_pitch - 1u)`
    : `plane + min(place.x * ${columns}u + x, p.b_pitch - 1u)`;
  const fillA = range(Math.ceil(v.rows * depth4 / THREADS)).map((j) =>
    [
      `{ let slot = thread + ${j * THREADS}u;`,
      `if (slot < ${v.rows * depth4}u) {`,
      `let r = slot / ${depth4}u; let q = slot % ${depth4}u;`,
      `let row = ${sourceRow(program, "min(row0 + r, row_end - 1u)")};`,
      `var value = vec4f(); if (k + 4u * q < p.depth) { value = ${
        load(v, "a_matrix", "row * p.a_pitch + k / 4u + q")
      }; }`,
      ...range(4).map((c) => `a_tile[(4u * q + ${c}u) * ${v.rows}u + r] = value[${c}];`),
      "} }",
    ].join("\n")
  );
  const fillB = range(v.depth * tileColumns / THREADS).map((j) =>
    [
      `{ let slot = thread + ${j * THREADS}u;`,
      `let d = slot / ${tileColumns}u; let x = slot % ${tileColumns}u;`,
      `var value = vec4f(); if (k + d < p.depth) { value = ${
        load(v, "b_matrix", `${bIndex} + (k + d) * p.b_pitch`)
      }; }`,
      "b_tile[slot] = value; }",
    ].join("\n")
  );
  const sums = [
    ...vectors.map((i) => `let b${i} = b_tile[d * ${tileColumns}u + ${i * SIDE}u + tx];`),
    ...own.map((r) => `let a${r} = a_tile[d * ${v.rows}u + ty * ${own.length}u + ${r}u];`),
    ...own.flatMap((r) => vectors.map((i) => `c${r}_${i} = fma(vec4f(a${r}), b${i}, c${r}_${i});`)),
  ];
  const stores = own.flatMap((r) => [
    `{ let row = row0 + ty * ${own.length}u + ${r}u;`,
    ...(program.swiglu ? [0] : vectors).map((i) =>
      `if (row < row_end && ${column(i)} < p.columns) { c_matrix[row * p.columns + ${
        column(i)
      }] = ` +
      `${program.swiglu ? `swiglu(c${r}_0, c${r}_1)` : `c${r}_${i}`}; }`
    ),
    "}",
  ]);
  return [
    header(v, program),
    activation(program),
    `var<workgroup> a_tile: array<f32, ${v.depth * v.rows}>;`,
    `var<workgroup> b_tile: array<vec4f, ${v.depth * tileColumns}>;`,
    `@compute @workgroup_size(${THREADS})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {",
    "let place = group.xy;",
    `let tx = thread % ${SIDE}u;`,
    `let ty = thread / ${SIDE}u;`,
    rowsOfWorkgroup(v, program),
    `let column = place.x * ${columns}u + tx;`,
    ...own.flatMap((r) => vectors.map((i) => `var c${r}_${i} = vec4f();`)),
    `for (var k = 0u; k < p.depth; k += ${v.depth}u) {`,
    ...fillA,
    ...fillB,
    "workgroupBarrier();",
    `for (var d = 0u; d < ${v.depth}u; d++) {`,
    ...sums,
    "}",
    "workgroupBarrier();",
    "}",
    ...stores,
    "}",
  ].filter((line) => line !== "").join("\n") + "\n";
}
