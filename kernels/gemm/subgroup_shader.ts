/**
 * The matrix kernel for drivers that run on a CPU (lavapipe): one subgroup is one workgroup.
 *
 * There a load costs one branch and one scalar load for each lane, whatever the address, and a
 * barrier splits the shader. So no two lanes load the same value: A is spread over the lanes and
 * broadcast by a shuffle, each lane owns `vectors` x 4 columns of B and of the result. k advances
 * in chunks; within a chunk `block` rows are summed at a time, so that their sums stay in registers.
 *
 * @module
 */
import {
  activation,
  banded,
  COMPONENTS,
  header,
  load,
  rowsOfWorkgroup,
  sourceRow,
} from "./shader_parts.ts";
import { type Program, type Variant, vectorsOf } from "./variant.ts";

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** WGSL of the subgroup family. `lanes` is the subgroup size; it has to divide `variant.rows`. */
export function subgroupShader(v: Variant, program: Program, lanes: number): string {
  const vectors = range(vectorsOf(v, program));
  const stripes = range(v.rows / lanes);
  const column = (i: number) => program.swiglu ? "column" : `column + ${i * lanes}u`;
  const planeOf = (i: number) => program.swiglu && i === 1 ? "plane + p.b_plane" : "plane";
  const columns = lanes * (program.swiglu ? 1 : vectors.length);

  const loads = [
    ...stripes.flatMap((s) =>
      range(v.depth / 4).map((q) =>
        `let a${s}_${q} = ${load(v, "a_matrix", `a_row${s} + k / 4u + ${q}u`)};`
      )
    ),
    ...range(v.depth).flatMap((k) =>
      vectors.map((i) =>
        `let b${k}_${i} = ${load(v, "b_matrix", `b_column${i} + (k + ${k}u) * p.b_pitch`)};`
      )
    ),
  ];
  const sums: string[] = [];
  for (let first = 0; first < v.rows; first += v.block) {
    const rows = range(Math.min(v.block, v.rows - first)).map((r) => first + r);
    for (const i of vectors) {
      for (const k of range(v.depth)) {
        for (const r of rows) {
          const a = `a${Math.floor(r / lanes)}_${k >> 2}.${COMPONENTS[k & 3]}`;
          const value = `subgroupBroadcast(${a}, ${r % lanes}u)`;
          sums.push(`c${r}_${i} = fma(vec4f(${value}), b${k}_${i}, c${r}_${i});`);
        }
      }
    }
  }
  const stores = range(v.rows).flatMap((r) =>
    program.swiglu
      ? [
        `if (row0 + ${r}u < row_end && column < p.columns) { ` +
        `c_matrix[(row0 + ${r}u) * p.columns + column] = swiglu(c${r}_0, c${r}_1); }`,
      ]
      : vectors.map((i) =>
        `if (row0 + ${r}u < row_end && ${column(i)} < p.columns) { ` +
        `c_matrix[(row0 + ${r}u) * p.columns + ${column(i)}] = c${r}_${i}; }`
      )
  );
  return [
    header(v, program),
    activation(program),
    banded(),
    `@compute @workgroup_size(${lanes})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(subgroup_invocation_id) lane: u32) {",
    "let place = banded(group, groups);",
    rowsOfWorkgroup(v, program),
    `let column = place.x * ${columns}u + lane;`,
    ...stripes.map((s) =>
      `let a_row${s} = (${
        sourceRow(program, `min(row0 + ${s * lanes}u + lane, row_end - 1u)`)
      }) * p.a_pitch;`
    ),
    ...vectors.map((i) => `let b_column${i} = ${planeOf(i)} + min(${column(i)}, p.b_pitch - 1u);`),
    ...range(v.rows).flatMap((r) => vectors.map((i) => `var c${r}_${i} = vec4f();`)),
    `for (var k = 0u; k < p.depth; k += ${v.depth}u) {`,
    ...loads,
    ...sums,
    "}",
    ...stores,
    "}",
  ].filter((line) => line !== "").join("\n") + "\n";
}
