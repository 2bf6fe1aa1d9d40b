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
  isQuantised,
  load,
  placeOfWorkgroup,
  places,
  range,
  sourceRow,
  store,
  TAKE_UNIFORMS,
} from "./shader_parts.ts";
import {
  type Program,
  transposesA,
  transposesB,
  type Variant,
  variantName,
  vectorsOf,
} from "./variant.ts";

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
      const row = sourceRow(`own_row${s}`, `min(row0 + ${s * lanes}u + lane, row_end - 1u)`);
      return `${row}\nlet a_row${s} = own_row${s} * p.a_pitch;`;
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
  const shared = quads % lanes === 0;
  if (!shared && (v.depth > lanes || lanes % quads !== 0)) {
    throw new RangeError(
      `Cannot generate ${variantName(v)} with A transposed for ${lanes} lanes: wanted rows of a ` +
        `multiple or a divisor of ${4 * lanes}, and then a depth of ${lanes} at the most`,
    );
  }
  const slots = range(quads * v.depth / lanes);
  // The lanes of a slot hold one step of k, or one after the other where a step has fewer vectors.
  const stepsOfSlot = shared ? 1 : lanes / quads;
  const first = (i: number) => Math.floor(i * lanes / quads);
  const start = (i: number) =>
    range(stepsOfSlot).map((j) => broadcast("a_start", first(i) + j, lanes))
      .reduce((text, next, j) => `select(${text}, ${next}, lane >= ${j * quads}u)`);
  const step = (i: number) => shared ? `${first(i)}u` : `${first(i)}u + lane / ${quads}u`;
  const quad = (i: number) => shared ? `${i * lanes % quads}u + lane` : `lane % ${quads}u`;
  return {
    before: slots.map((i) => `let a_quad${i} = min(row0 / 4u + ${quad(i)}, p.a_pitch - 1u);`),
    // Beyond the last step A counts as 0, while B repeats its last row: the product adds 0.
    loads: slots.map((i) =>
      `let a${i} = select(vec4f(), ${load(v, "a", `${start(i)} + a_quad${i}`)}, ` +
      `k + ${step(i)} < k_end);`
    ),
    value(row, k) {
      const slot = k * quads + (row >> 2);
      const name = `a${Math.floor(slot / lanes)}`;
      return `subgroupBroadcast(${name}.${COMPONENTS[row & 3]}, ${slot % lanes}u)`;
    },
  };
}

/** The expression of what lane `step` of a chunk holds. */
function broadcast(name: string, step: number, lanes: number): string {
  return `subgroupBroadcast(${name}${Math.floor(step / lanes)}, ${step % lanes}u)`;
}

/** Where the rows of A and B begin by step of k: lane l holds those of step l of the chunk. */
function stepRows(v: Variant, program: Program, lanes: number): string[] {
  const row = (j: number, flag: number) =>
    program.gathered ? `select(step${j}, gathered${j}, (p.flags & ${flag}u) != 0u)` : `step${j}`;
  return range(Math.ceil(v.depth / lanes)).flatMap((j) => [
    `let step${j} = min(k + ${j * lanes}u + lane, k_end - 1u);`,
    ...(program.gathered ? [`let gathered${j} = row_ids[step${j}];`] : []),
    `let a_start${j} = ${row(j, FLAGS.gatherA)} * p.a_pitch;`,
    `let b_start${j} = ${row(j, FLAGS.gatherB)} * p.b_pitch;`,
  ]);
}

/**
 * Rows of quantised weights. A chunk of k lies within one block, so that its scales are loaded once;
 * of 4-bit weights a word holds two rows.
 */
function quantisedRows(
  program: Program,
  options: { steps: number[]; vectors: number[]; lanes: number },
): string[] {
  const { steps, vectors, lanes } = options;
  const gated = program.epilogue.gate !== undefined;
  return vectors.flatMap((i) => {
    const column = gated ? "column" : `column + ${i * lanes}u`;
    const plane = gated && i === 1 ? "s_plane + p.s_plane" : "s_plane";
    const scales = `let s${i} = scales[${plane} + (k / 32u) * p.s_pitch + ` +
      `min(${column}, p.s_pitch - 1u)];`;
    const word = (k: number) =>
      program.weights === "q8"
        ? `b_matrix[b_column${i} + min(k + ${k}u, p.b_rows - 1u) * p.b_pitch]`
        : `b_matrix[b_column${i} + (k / 2u + ${k / 2}u) * p.b_pitch]`;
    const rows = program.weights === "q8"
      ? steps.map((k) => `let b${k}_${i} = steps(${word(k)}) * s${i};`)
      : steps.filter((k) => k % 2 === 0).flatMap((k) => [
        `let w${k}_${i} = ${word(k)};`,
        `let b${k}_${i} = steps(w${k}_${i}) * s${i};`,
        `let b${k + 1}_${i} = steps(w${k}_${i} >> 16u) * s${i};`,
      ]);
    return [scales, ...rows];
  });
}

/**
 * Rows in the order in which they are summed. A CPU broadcasts one of 16 lanes in two steps, first
 * within fours: rows whose first step is the same come together.
 */
function rowOrder(v: Variant, lanes: number): number[] {
  const fours = Math.max(1, lanes / 4);
  return range(v.rows / lanes).flatMap((s) =>
    range(lanes).map((i) => s * lanes + (i % fours) * 4 + Math.floor(i / fours))
  );
}

/** WGSL of the subgroup family. `lanes` is the subgroup size; it has to divide `variant.rows`. */
export function subgroupShader(v: Variant, program: Program, lanes: number): string {
  const { form, epilogue } = program;
  const gated = epilogue.gate !== undefined;
  const vectors = range(vectorsOf(v, program));
  const columns = lanes * (gated ? 1 : vectors.length);
  const column = (i: number) => gated ? "column" : `column + ${i * lanes}u`;
  const spread = transposesA(form) ? spreadColumns(v, lanes) : spreadRows(v, lanes);
  const steps = range(v.depth);

  const bRows = vectors.map((i) => {
    const plane = gated && i === 1 ? "plane + p.b_plane" : "plane";
    return `let b_column${i} = ${plane} + min(${column(i)}, p.b_pitch - 1u);`;
  });
  const bLoads = transposesB(form)
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
    : isQuantised(program)
    ? quantisedRows(program, { steps, vectors, lanes })
    : steps.flatMap((k) =>
      vectors.map((i) => {
        const start = form === "tn"
          ? broadcast("b_start", k, lanes)
          : `min(k + ${k}u, p.b_rows - 1u) * p.b_pitch`;
        return `let b${k}_${i} = ${load(v, "b", `b_column${i} + ${start}`)};`;
      })
    );
  const sums: string[] = [];
  const order = rowOrder(v, lanes);
  // A gated kernel has two sums a row and column.
  const block = gated ? Math.max(1, v.block / 2) : v.block;
  for (let first = 0; first < v.rows; first += block) {
    const rows = order.slice(first, first + block);
    for (const k of steps) {
      for (const r of rows) {
        const value = `vec4f(${spread.value(r, k)})`;
        // Named where several vectors share it: a broadcast costs as much as two sums.
        const name = vectors.length > 1 ? `s${r}_${k}` : value;
        if (name !== value) sums.push(`let ${name} = ${value};`);
        for (const i of vectors) sums.push(`c${r}_${i} = fma(${name}, b${k}_${i}, c${r}_${i});`);
      }
    }
  }
  const loop = transposesA(form)
    ? [
      ...(transposesB(form) ? ["let b_offset = plane;"] : []),
      `for (var k = k_begin; k < k_end; k += ${v.depth}u) {`,
      ...stepRows(v, program, lanes),
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
    ...(transposesB(form) ? ["const LANES = vec4u(0u, 1u, 2u, 3u);"] : []),
    `@compute @workgroup_size(${lanes})`,
    "fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,",
    "  @builtin(subgroup_invocation_id) lane: u32) {",
    TAKE_UNIFORMS,
    "let place = banded(group, groups);",
    placeOfWorkgroup(v, program, columns),
    "let column = column0 + lane;",
    ...spread.before,
    ...(transposesB(form)
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
