/**
 * What the two families of generated matrix kernels share: bindings, uniforms, the prologue that
 * finds a workgroup's place, loads from a buffer or a texture mirror, and the epilogue.
 *
 * One pipeline of a form serves dense and grouped products, with rows gathered or not: what differs
 * are uniforms. On a software driver a matrix kernel takes a second to compile, so there are few.
 * Matrices are read as vectors of four columns; every index counts vectors.
 *
 * @module
 */
import { storagePrelude } from "../storage.ts";
import { activationForm } from "../activation/forms.ts";
import { type Program, transposesA, transposesB, type Variant } from "./variant.ts";

/** Four letters of a vector's components. */
export const COMPONENTS = "xyzw";

/** 0 to n - 1. */
export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Bits of the uniform `flags`. */
export const FLAGS = { grouped: 1, gatherA: 2, gatherB: 4 } as const;

/** The uniforms, in order; pitches, planes and firsts count vectors of four. */
export const UNIFORMS = [
  "flags", // see FLAGS
  "m", // rows of the result (of all groups)
  "b_rows", // rows of a plane of B: beyond them memory may hold anything
  "depth", // inner size: padded columns of A, or rows where A is transposed
  "planes", // planes of A and B that are summed over ("nt"), or that the result has ("tn")
  "a_first", // first vector of A in its mirror
  "a_pitch",
  "a_plane",
  "b_first", // first vector of B in its mirror
  "b_pitch",
  "b_plane",
  "c_pitch",
  "c_plane",
  "group", // first group whose weights are bound
  "groups", // how many are
  "kept_plane", // vectors from the first kept sum to the second
  "s_pitch", // of the scales of quantised weights
  "s_plane",
] as const;

/** Names of the storage bindings after A, B and C, in order. */
export function extraBindings(program: Program): string[] {
  const { keep, bias, add } = program.epilogue;
  return [
    ...(!transposesA(program.form) || program.gathered ? ["row_ids"] : []),
    "row_map",
    ...(keep ? ["kept"] : []),
    ...(bias ? ["bias"] : []),
    ...(add ? ["added"] : []),
    ...(program.weights === "q8" || program.weights === "q4" ? ["scales"] : []),
  ];
}

const bindingTypes: Record<string, string> = {
  row_ids: "<storage, read> row_ids: array<u32>",
  row_map: "<storage, read> row_map: array<vec4u>",
  kept: "<storage, read_write> kept: array<T4>",
  bias: "<storage, read> bias: array<T4>",
  added: "<storage, read> added: array<T4>",
  scales: "<storage, read> scales: array<vec4f>",
};

function matrixType(v: Variant, type: string): string {
  return v.source === "texture" ? "texture_storage_2d<rgba32float, read>" : `array<${type}>`;
}

/** Aliases, uniforms and bindings: A, B, C, the extra ones, and the uniforms last. */
export function header(v: Variant, program: Program): string {
  const space = v.source === "texture" ? "" : "<storage, read>";
  const b = program.weights === "f16" ? "vec4<f16>" : program.weights === "f32" ? "vec4f" : "u32";
  const extra = extraBindings(program).map((name) =>
    name === "row_map" && transposesA(program.form)
      ? "<storage, read> row_map: array<u32>"
      : bindingTypes[name]
  );
  const variables = [
    `${space} a_matrix: ${matrixType(v, "T4")}`,
    `${space} b_matrix: ${matrixType(v, b)}`,
    "<storage, read_write> c_matrix: array<T4>",
    ...extra,
    "<uniform> uniforms: Params",
  ];
  const { gate, activation } = program.epilogue;
  const used = gate ?? activation;
  const prelude = storagePrelude(program.storage);
  return [
    (program.weights === "f16" && program.storage === "f32" ? "enable f16;\n" : "") + prelude,
    `struct Params { ${UNIFORMS.map((name) => `${name}: u32`).join(", ")} };`,
    ...variables.map((text, i) => `@group(0) @binding(${i}) var${text};`),
    ...(program.weights in QUANTISED ? [QUANTISED[program.weights]] : []),
    ...(used ? [activationForm(used)] : []),
  ].join("\n");
}

/** Four weights of a word, and of half a word. */
const QUANTISED: Record<string, string> = {
  q8: "fn steps(w: u32) -> vec4f { return vec4f(vec4i(vec4u(w) << vec4u(24u, 16u, 8u, 0u)) >> " +
    "vec4u(24u)); }",
  q4: "fn steps(w: u32) -> vec4f { return vec4f(vec4i(vec4u(w) << vec4u(28u, 24u, 20u, 16u)) >> " +
    "vec4u(28u)); }",
};

/** The expression that loads vector `index` of A or B, as f32. */
export function load(v: Variant, matrix: "a" | "b", index: string): string {
  if (v.source === "buffer") return `vec4f(${matrix}_matrix[${index}])`;
  // A mirror is read as a storage texture: software Vulkan expands such a load in place, where
  // that of a sampled texture is a call.
  return `textureLoad(${matrix}_matrix, at(p.${matrix}_first + ${index}))`;
}

/**
 * The expression of quantised weights: four columns of a row of B. `column` is the vector of the
 * first row of the plane, `row` that of B, `scale` the expression of the scales.
 */
export function loadQuantised(
  program: Program,
  at: { column: string; row: string; scale: string },
): string {
  const { column, row, scale } = at;
  const word = program.weights === "q8"
    ? `b_matrix[${column} + ${row} * p.b_pitch]`
    : `b_matrix[${column} + (${row} >> 1u) * p.b_pitch] >> (16u * (${row} & 1u))`;
  return `steps(${word}) * ${scale}`;
}

/** True where B is quantised. */
export const isQuantised = (program: Program): boolean => program.weights in QUANTISED;

/** Workgroups side by side that take turns over the rows, see {@linkcode places}. */
const BAND = 2;

/**
 * The function that gives a workgroup its place in the result: in bands of two, down the rows.
 *
 * Workgroups run in the order of their ids. In the usual order all of B goes by between two uses of
 * a column; in bands the columns of a band stay in the cache while the rows go by, and a tile of A
 * is used twice in a row.
 */
export function places(v: Variant): string {
  return [
    ...(v.source === "texture"
      ? ["fn at(i: u32) -> vec2u { return vec2u(i & 1023u, i >> 10u); }"]
      : []),
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
 * Sets what a workgroup makes: `row0` and `row_end` (exclusive) of the result, `column0`, its first
 * vector; `plane`, the first vector of its weights; `c_plane`, of its result; and, where A is
 * transposed, `k_begin` and `k_end`. A workgroup without rows returns.
 */
export function placeOfWorkgroup(v: Variant, program: Program, columns: number): string {
  const grouped = `(p.flags & ${FLAGS.grouped}u) != 0u`;
  if (transposesA(program.form)) {
    return [
      `let row0 = place.y * ${v.rows}u;`,
      "let row_end = p.m;",
      "var k_begin = 0u;",
      "var k_end = p.depth;",
      `if (${grouped}) { k_begin = row_map[p.group + group.z]; k_end = row_map[p.group + group.z + 1u]; }`,
      `let strip = (p.c_pitch + ${columns - 1}u) / ${columns}u;`,
      "let part = place.x / strip;",
      `let column0 = (place.x - part * strip) * ${columns}u;`,
      "let plane = part * p.b_plane;",
      "let c_plane = (group.z * p.planes + part) * p.c_plane;",
    ].join("\n");
  }
  return [
    `var tile = vec4u(p.group, place.y * ${v.rows}u, p.m, 0u);`,
    `if (${grouped}) { tile = row_map[place.y]; }`,
    "let row0 = tile.y;",
    "let row_end = tile.z;",
    "let own_group = tile.x - p.group;",
    "if (row0 >= row_end || own_group >= p.groups) { return; }",
    `let column0 = place.x * ${columns}u;`,
    `let plane = own_group * ${planesOf(program)} * p.b_plane;`,
    ...(isQuantised(program) ? [`let s_plane = tile.x * ${planesOf(program)} * p.s_plane;`] : []),
    "let c_plane = 0u;",
  ].join("\n");
}

const planesOf = (program: Program) => program.epilogue.gate ? "2u" : "p.planes";

/**
 * The uniforms as values. A software driver gathers a uniform lane by lane each time it is named, in
 * a loop as well, so they are named once.
 */
export const TAKE_UNIFORMS: string = "let p = uniforms;";

/** Sets `name` to the row of A that row `row` of the result reads. */
export function sourceRow(name: string, row: string): string {
  return `var ${name} = ${row};\n` +
    `if ((p.flags & ${FLAGS.gatherA}u) != 0u) { ${name} = row_ids[${name}]; }`;
}

/**
 * Statements that store the sums of one row: `sums` are their names by vector, `columns` the
 * expressions of their columns, `row` that of the row.
 */
export function store(
  program: Program,
  options: { row: string; columns: string[]; sums: string[] },
): string[] {
  const { gate, keep, bias, activation, add, accumulate } = program.epilogue;
  const { row, columns, sums } = options;
  const one = (column: string, sum: string): string[] => {
    const at = `c_plane + ${row} * p.c_pitch + ${column}`;
    const steps = [
      ...(transposesB(program.form)
        ? [`x = select(vec4f(), x, 4u * (${column}) + LANES < vec4u(p.b_rows));`]
        : []),
      ...(bias ? [`x += vec4f(bias[${column}]);`] : []),
      ...(activation ? [`x = act(x).value;`] : []),
      ...(add ? [`x += vec4f(added[${at}]);`] : []),
      ...(accumulate ? [`x += vec4f(c_matrix[${at}]);`] : []),
    ];
    const guard = `if (${row} < row_end && ${column} < p.c_pitch)`;
    return steps.length === 0
      ? [`${guard} { c_matrix[${at}] = T4(${sum}); }`]
      : [`${guard} { var x = ${sum};`, ...steps, `c_matrix[${at}] = T4(x); }`];
  };
  if (!gate) return sums.flatMap((sum, i) => one(columns[i], sum));
  const at = `${row} * p.c_pitch + ${columns[0]}`;
  return [
    `if (${row} < row_end && ${columns[0]} < p.c_pitch) {`,
    `c_matrix[${at}] = T4(act(${sums[0]}).value * ${sums[1]});`,
    ...(keep ? [`kept[${at}] = T4(${sums[0]}); kept[p.kept_plane + ${at}] = T4(${sums[1]});`] : []),
    "}",
  ];
}
