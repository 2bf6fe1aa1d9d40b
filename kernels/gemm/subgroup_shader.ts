/**
 * The matrix kernel for drivers that run on a CPU (lavapipe): one subgroup is one workgroup.
 *
 * There a load costs one branch and one scalar load for each lane, whatever the address, and a
 * barrier splits the shader. So no two lanes load the same value: A is spread over the lanes and
 * broadcast by a shuffle, each lane owns `vectors` x 4 columns of B and of the result. k advances
 * in chunks; within a chunk `block` rows are summed at a time, so that their sums stay in registers.
 *
 * The transposed forms need as many loads: where A is transposed a vector of it holds four rows of
 * one k; where B is, a vector holds four k of one column, and four vectors are turned in registers.
 *
 * @module
 */
import {
  COMPONENTS,
  FLAGS,
  header,
  load,
  placeOfWorkgroup,
  places,
  range,
  SOURCE_ROW,
  sourceRow,
  store,
} from "./shader_parts.ts";
import { type Program, type Variant, vectorsOf } from "./variant.ts";

/** Statements before the loop, loads of a chunk, and where the value of a row and a step of k is. */
interface Spread {
  before: string[];
  loads: string[];
  value(row: number, k: number): string;
}

/** A[m, k]: lane l of stripe s holds row s * lanes + l, in vectors along k. */
function spreadRows(v: Variant, lanes: number): Spread {
  const stripes = range(v.rows / lanes);
  return {
    before: stripes.map((s) => {
      const row = sourceRow(`min(row0 + ${s * lanes}u + lane, row_end - 1u)`);
      return `let a_row${s} = ${row} * p.a_pitch;`;
    }),
    loads: stripes.flatMap((s) =>
      range(v.depth / 4).map((q) =>
        `let a${s}_${q} = ${load(v, "a", `a_offset + a_row${s} + k / 4u + ${q}u`)};`
      )
    ),
    value(row, k) {
      const name = `a${Math.floor(row / lanes)}_${k >> 2}`;
      return `subgroupBroadcast(${name}.${COMPONENTS[k & 3]}, ${row % lanes}u)`;
    },
  };
}

/** A[k, m]: the vectors of four rows of a chunk are dealt to the lanes in turn. */
function spreadColumns(v: Variant, lanes: number): Spread {
  const quads = v.rows / 4;
  const slots = range(quads * v.depth / lanes);
  // The step of k that a slot belongs to, the same for all lanes where they share it.
  const step = (i: number) =>
    quads % lanes === 0
      ? `${Math.floor(i * lanes / quads)}u`
      : `(${i * lanes}u + lane) / ${quads}u`;
  const quad = (i: number) =>
    quads % lanes === 0 ? `${i * lanes % quads}u + lane` : `(${i * lanes}u + lane) % ${quads}u`;
  return {
    before: [],
    // Beyond the last step A counts as 0, while B repeats its last row: the product adds 0.
    loads: slots.flatMap((i) => [
      `let a_quad${i} = min(row0 / 4u + ${quad(i)}, p.a_pitch - 1u);`,
      `let a${i} = select(vec4f(), ${
        load(
          v,
          "a",
          `${rowOfStep("a", step(i), lanes, quads % lanes === 0)} * p.a_pitch + a_quad${i}`,
        )
      }, k + ${step(i)} < k_end);`,
    ]),
    value(row, k) {
      const slot = k * quads + (row >> 2);
      const name = `a${Math.floor(slot / lanes)}`;
      return `subgroupBroadcast(${name}.${COMPONENTS[row & 3]}, ${slot % lanes}u)`;
    },
  };
}

/** The row of A or B, where both are read by rows along k, that a step of the chunk reads. */
function rowOfStep(matrix: "a" | "b", step: string, lanes: number, same: boolean): string {
  if (same) {
    const k = parseInt(step);
    return `subgroupBroadcast(${matrix}_id${Math.floor(k / lanes)}, ${k % lanes}u)`;
  }
  return `subgroupShuffle(${matrix}_id0, ${step})`;
}

/** Rows of A and B by step of k: lane l holds those of step l of the chunk. */
function stepRows(v: Variant, lanes: number): string[] {
  return range(Math.ceil(v.depth / lanes)).flatMap((j) => [
    `let step${j} = min(k + ${j * lanes}u + lane, k_end - 1u);`,
    `var gathered${j} = step${j};`,
    `if ((p.flags & ${FLAGS.gatherA | FLAGS.gatherB}u) != 0u) { ` +
    `gathered${j} = row_ids[step${j}] / p.divisor; }`,
    `let a_id${j} = select(step${j}, gathered${j}, (p.flags & ${FLAGS.gatherA}u) != 0u);`,
    `let b_id${j} = select(step${j}, gathered${j}, (p.flags & ${FLAGS.gatherB}u) != 0u);`,
  ]);
}

/** WGSL of the subgroup family. `lanes` is the subgroup size; it has to divide `variant.rows`. */
export function subgroupShader(v: Variant, program: Program, lanes: number): string {
  const { form, epilogue } = program;
  const gated = epilogue.gate !== undefined;
  const vectors = range(vectorsOf(v, program));
  const columns = lanes * (gated ? 1 : vectors.length);
  const column = (i: number) => gated ? "column" : `column + ${i * lanes}u`;
  const spread = form === "tn" ? spreadColumns(v, lanes) : spreadRows(v, lanes);
  const steps = range(v.depth);

  const bRows = vectors.map((i) => {
    const plane = gated && i === 1 ? "plane + p.b_plane" : "plane";
    return `let b_column${i} = ${plane} + min(${column(i)}, p.b_pitch - 1u);`;
  });
  const bLoads = form === "nt"
    ? vectors.flatMap((i) => [
      ...range(4).flatMap((c) =>
        range(v.depth / 4).map((q) =>
          `let t${i}_${c}_${q} = ${load(v, "b", `b_offset + b_row${i}_${c} + k / 4u + ${q}u`)};`
        )
      ),
      ...steps.map((k) => {
        const parts = range(4).map((c) => `t${i}_${c}_${k >> 2}.${COMPONENTS[k & 3]}`);
        return `let b${k}_${i} = vec4f(${parts.join(", ")});`;
      }),
    ])
    : steps.flatMap((k) =>
      vectors.map((i) => {
        const row = form === "tn"
          ? rowOfStep("b", `${k}u`, lanes, true)
          : `min(k + ${k}u, p.b_rows - 1u)`;
        return `let b${k}_${i} = ${load(v, "b", `b_column${i} + ${row} * p.b_pitch`)};`;
      })
    );
  const sums: string[] = [];
  for (let first = 0; first < v.rows; first += v.block) {
    const rows = range(Math.min(v.block, v.rows - first)).map((r) => first + r);
    for (const i of vectors) {
      for (const k of steps) {
        for (const r of rows) {
          sums.push(`c${r}_${i} = fma(vec4f(${spread.value(r, k)}), b${k}_${i}, c${r}_${i});`);
        }
      }
    }
  }
  const loop = form === "tn"
    ? [
      `for (var k = k_begin; k < k_end; k += ${v.depth}u) {`,
      ...stepRows(v, lanes),
      ...spread.loads,
      ...bLoads,
      ...sums,
      "}",
    ]
    : [
      ...(form === "nt" ? ["for (var part = 0u; part < p.planes; part++) {"] : []),
      `let a_offset = ${form === "nt" ? "part * p.a_plane" : "0u"};`,
      ...(form === "nt" ? ["let b_offset = plane + part * p.b_plane;"] : []),
      `for (var k = 0u; k < p.depth; k += ${v.depth}u) {`,
      ...spread.loads,
      ...bLoads,
      ...sums,
      "}",
      ...(form === "nt" ? ["}"] : []),
    ];
  return [
    header(v, program),
    places(v),
    ...(form === "tn" ? [] : [SOURCE_ROW]),
    ...(form === "nt" ? ["const LANES = vec4u(0u, 1u, 2u, 3u);"] : []),
    `@compute @workgroup_size(${lanes})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(subgroup_invocation_id) lane: u32) {",
    "let place = banded(group, groups);",
    placeOfWorkgroup(v, program, columns),
    "let column = column0 + lane;",
    ...spread.before,
    ...(form === "nt"
      ? vectors.flatMap((i) =>
        range(4).map((c) =>
          `let b_row${i}_${c} = min(4u * (${column(i)}) + ${c}u, p.b_rows - 1u) * p.b_pitch;`
        )
      )
      : bRows),
    ...range(v.rows).flatMap((r) => vectors.map((i) => `var c${r}_${i} = vec4f();`)),
    ...loop,
    ...range(v.rows).flatMap((r) =>
      store(program, {
        row: `(row0 + ${r}u)`,
        columns: vectors.map(column),
        sums: vectors.map((i) => `c${r}_${i}`),
      })
    ),
    "}",
  ].join("\n") + "\n";
}
