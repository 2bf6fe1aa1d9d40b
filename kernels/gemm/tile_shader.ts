/**
 * The matrix kernel for GPUs: 16 x 16 threads share tiles of A and B in workgroup memory.
 *
 * A thread owns `rows / 16` rows and `vectors` x 4 columns of the result. The A tile is stored by k,
 * so that neighbouring threads read the same words; the B tile as vectors of columns. A transposed
 * operand is turned while its tile is filled: the sums are the same text for all forms.
 *
 * @module
 */
import {
  FLAGS,
  header,
  isQuantised,
  load,
  loadQuantised,
  placeOfWorkgroup,
  places,
  range,
  sourceRow,
  store,
  TAKE_UNIFORMS,
} from "./shader_parts.ts";
import { type Program, transposesA, transposesB, type Variant, vectorsOf } from "./variant.ts";

const SIDE = 16;
const THREADS = SIDE * SIDE;

/** Statements that fill `total` slots of a tile, all threads together. */
function fill(total: number, body: readonly string[]): string[] {
  return range(Math.ceil(total / THREADS)).flatMap((j) => [
    `{ let slot = thread + ${j * THREADS}u;`,
    ...(total % THREADS === 0 ? body : [`if (slot < ${total}u) {`, ...body, "}"]),
    "}",
  ]);
}

/** The row of A or B, read by rows along k, that step `k` reads. */
function rowOfStep(program: Program, flag: number, step: string): string[] {
  return [
    `let step = min(${step}, k_end - 1u);`,
    "var row = step;",
    ...(program.gathered ? [`if ((p.flags & ${flag}u) != 0u) { row = row_ids[step]; }`] : []),
  ];
}

function fillA(v: Variant, program: Program): string[] {
  const quads = v.rows / 4;
  const depth4 = v.depth / 4;
  if (transposesA(program.form)) {
    return fill(quads * v.depth, [
      `let d = slot / ${quads}u; let q = slot % ${quads}u;`,
      ...rowOfStep(program, FLAGS.gatherA, "k + d"),
      `let index = row * p.a_pitch + min(row0 / 4u + q, p.a_pitch - 1u);`,
      `let value = select(vec4f(), ${load(v, "a", "index")}, k + d < k_end);`,
      ...range(4).map((c) => `a_tile[d * ${v.rows}u + 4u * q + ${c}u] = value[${c}];`),
    ]);
  }
  return fill(v.rows * depth4, [
    `let r = slot / ${depth4}u; let q = slot % ${depth4}u;`,
    sourceRow("row", "min(row0 + r, row_end - 1u)"),
    `var value = vec4f(); if (k + 4u * q < p.depth) { value = ${
      load(v, "a", "a_offset + row * p.a_pitch + k / 4u + q")
    }; }`,
    ...range(4).map((c) => `a_tile[(4u * q + ${c}u) * ${v.rows}u + r] = value[${c}];`),
  ]);
}

/** The expression of the scales of slot `x` in row `row` of B. */
function scaleOf(gated: boolean): string {
  const column = gated
    ? `s_plane + (x / ${SIDE}u) * p.s_plane + min(column0 + x % ${SIDE}u, p.s_pitch - 1u)`
    : "s_plane + min(column0 + x, p.s_pitch - 1u)";
  return `scales[${column} + (row / 32u) * p.s_pitch]`;
}

function fillB(v: Variant, program: Program, tileColumns: number): string[] {
  const depth4 = v.depth / 4;
  if (transposesB(program.form)) {
    const rows = range(4).map((c) =>
      `if (inside) { turned[${c}] = ${
        load(v, "b", `b_offset + min(first + ${c}u, p.b_rows - 1u) * p.b_pitch + k / 4u + q`)
      }; }`
    );
    return fill(tileColumns * depth4, [
      `let x = slot / ${depth4}u; let q = slot % ${depth4}u;`,
      "let first = 4u * (column0 + x);",
      "let inside = k + 4u * q < p.depth;",
      "var turned = mat4x4f();",
      ...rows,
      "turned = transpose(turned);",
      ...range(4).map((j) => `b_tile[(4u * q + ${j}u) * ${tileColumns}u + x] = turned[${j}];`),
    ]);
  }
  const gated = program.epilogue.gate !== undefined;
  const index = gated
    ? `plane + (x / ${SIDE}u) * p.b_plane + min(column0 + x % ${SIDE}u, p.b_pitch - 1u)`
    : "plane + min(column0 + x, p.b_pitch - 1u)";
  const head = `let d = slot / ${tileColumns}u; let x = slot % ${tileColumns}u;`;
  return program.form === "tn"
    ? fill(v.depth * tileColumns, [
      head,
      ...rowOfStep(program, FLAGS.gatherB, "k + d"),
      `b_tile[slot] = ${load(v, "b", `${index} + row * p.b_pitch`)};`,
    ])
    : fill(v.depth * tileColumns, [
      head,
      "let row = min(k + d, p.b_rows - 1u);",
      `var value = vec4f(); if (k + d < p.depth) { value = ${
        isQuantised(program)
          ? loadQuantised(program, { column: index, row: "row", scale: scaleOf(gated) })
          : load(v, "b", `${index} + row * p.b_pitch`)
      }; }`,
      "b_tile[slot] = value;",
    ]);
}

/** WGSL of the tile family. `variant.rows` is a multiple of 16, `variant.depth` is 16. */
export function tileShader(v: Variant, program: Program): string {
  const { form, epilogue } = program;
  const gated = epilogue.gate !== undefined;
  const vectors = range(vectorsOf(v, program));
  const own = range(v.rows / SIDE);
  const tileColumns = SIDE * vectors.length;
  const columns = SIDE * (gated ? 1 : vectors.length);
  const column = (i: number) => gated ? "column" : `column + ${i * SIDE}u`;
  const chunk = [
    ...fillA(v, program),
    ...fillB(v, program, tileColumns),
    "workgroupBarrier();",
    `for (var d = 0u; d < ${v.depth}u; d++) {`,
    ...vectors.map((i) => `let b${i} = b_tile[d * ${tileColumns}u + ${i * SIDE}u + tx];`),
    ...own.map((r) => `let a${r} = a_tile[d * ${v.rows}u + ty * ${own.length}u + ${r}u];`),
    ...own.flatMap((r) => vectors.map((i) => `c${r}_${i} = fma(vec4f(a${r}), b${i}, c${r}_${i});`)),
    "}",
    "workgroupBarrier();",
  ];
  const loop = transposesA(form)
    ? [
      ...(transposesB(form) ? ["let b_offset = plane;"] : []),
      `for (var k = k_begin; k < k_end; k += ${v.depth}u) {`,
      ...chunk,
      "}",
    ]
    : [
      "for (var part = 0u; part < p.planes; part++) {",
      "let a_offset = part * p.a_plane;",
      ...(form === "nt" ? ["let b_offset = plane + part * p.b_plane;"] : []),
      `for (var k = 0u; k < p.depth; k += ${v.depth}u) {`,
      ...chunk,
      "} }",
    ];
  return [
    header(v, program),
    places(v),
    ...(transposesB(form) ? ["const LANES = vec4u(0u, 1u, 2u, 3u);"] : []),
    `var<workgroup> a_tile: array<f32, ${v.depth * v.rows}>;`,
    `var<workgroup> b_tile: array<vec4f, ${v.depth * tileColumns}>;`,
    `@compute @workgroup_size(${THREADS})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {",
    TAKE_UNIFORMS,
    "let place = group.xy;",
    `let tx = thread % ${SIDE}u;`,
    `let ty = thread / ${SIDE}u;`,
    placeOfWorkgroup(v, program, columns),
    "let column = column0 + tx;",
    ...own.flatMap((r) => vectors.map((i) => `var c${r}_${i} = vec4f();`)),
    ...loop,
    ...own.flatMap((r) => [
      `{ let row = row0 + ty * ${own.length}u + ${r}u;`,
      ...store(program, {
        row: "row",
        columns: vectors.map(column),
        sums: vectors.map((i) => `c${r}_${i}`),
      }),
      "}",
    ]),
    "}",
  ].join("\n") + "\n";
}
