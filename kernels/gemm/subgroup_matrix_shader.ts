/**
 * The matrix kernel for units that multiply small matrices in one instruction (tensor cores), which
 * WGSL reaches through subgroup matrices: f16 in, f32 sums and result.
 *
 * Written from the proposal "Subgroup Matrix" of the WebGPU working group and Dawn's form of it: a
 * matrix belongs to a whole subgroup, is loaded from and stored to memory as one, and is named by
 * columns and then rows.
 *
 * Four subgroups share a tile of 64 x 64 results; each owns a quarter of 32 x 32 in matrices of the
 * device's shape. Operands go through workgroup memory, where what lies beyond the shape is zero: a
 * matrix is loaded whole or not at all, and rows beyond the shape may hold anything. Results go
 * through workgroup memory too, since only some of their rows may be written.
 *
 * @module
 */
import type { MatrixConfig } from "../device.ts";

/** Rows and columns of the result that a workgroup makes. */
export const MATRIX_TILE = 64;
/** Rows and columns that a subgroup makes, and steps of the inner size between two barriers. */
export const MATRIX_SIDE = 32;
/** Subgroups of a workgroup. */
export const MATRIX_SUBGROUPS = 4;

/** Elements between rows in workgroup memory: eight more than needed, for its banks. */
const A_STRIDE = MATRIX_SIDE + 8;
const B_STRIDE = MATRIX_TILE + 8;

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

/** Copies a tile of vectors into workgroup memory, zeros where `inside` is false. */
function fill(
  tile: "a" | "b",
  options: { rows: number; columns: number; stride: number; row: string; inside: string },
): string {
  const { rows, columns, stride, row, inside } = options;
  const wide = columns / 4;
  const column = tile === "a" ? "k / 4u" : "group.x * 16u";
  return `for (var i = thread; i < ${rows * wide}u; i += THREADS) {
  let r = i / ${wide}u;
  let q = i % ${wide}u;
  let row = ${row} + r;
  let column = ${column} + q;
  var value = vec4<f16>();
  if (row < ${inside} && column < p.${tile}_pitch) {
    value = ${tile}_matrix[row * p.${tile}_pitch + column];
  }
  let at = r * ${stride}u + 4u * q;
${range(4).map((c) => `  ${tile}_tile[at + ${c}u] = value[${c}];`).join("\n")}
}`;
}

/**
 * WGSL of C[m, n] = A[m, k] B[k, n] for a device's matrix shape, whose sides divide 32. `lanes` is
 * the subgroup size. Pitches are in vectors of four.
 *
 * @example
 * ```ts
 * import { subgroupMatrixShader } from "@moelab/moelab/kernels";
 * import { assertStringIncludes } from "@std/assert";
 *
 * const config = { component: "f16", result: "f32", m: 8, n: 16, k: 16 };
 * const code = subgroupMatrixShader(config, 32);
 * assertStringIncludes(code, "alias Right = subgroup_matrix_right<f16, 16, 16>;");
 * ```
 */
export function subgroupMatrixShader(config: MatrixConfig, lanes: number): string {
  const { m, n, k } = config;
  const down = range(MATRIX_SIDE / m);
  const across = range(MATRIX_SIDE / n);
  const sums = down.flatMap((r) => across.map((c) => [r, c]));
  const steps = range(MATRIX_SIDE / k).map((step) =>
    [
      ...down.map((r) =>
        `let a${step}_${r} = subgroupMatrixLoad<Left, row_major>(&a_tile, ` +
        `(own_row + ${r * m}u) * ${A_STRIDE}u + ${step * k}u, ${A_STRIDE}u);`
      ),
      ...across.map((c) =>
        `let b${step}_${c} = subgroupMatrixLoad<Right, row_major>(&b_tile, ` +
        `${step * k * B_STRIDE}u + own_column + ${c * n}u, ${B_STRIDE}u);`
      ),
      ...sums.map(([r, c]) =>
        `c${r}_${c} = subgroupMatrixMultiplyAccumulate(a${step}_${r}, b${step}_${c}, c${r}_${c});`
      ),
    ].join("\n")
  );
  return `enable f16;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

struct Params { m: u32, k: u32, a_pitch: u32, b_pitch: u32, c_pitch: u32 };

@group(0) @binding(0) var<storage, read> a_matrix: array<vec4<f16>>;
@group(0) @binding(1) var<storage, read> b_matrix: array<vec4<f16>>;
@group(0) @binding(2) var<storage, read_write> c_matrix: array<vec4f>;
@group(0) @binding(3) var<uniform> p: Params;

alias Left = subgroup_matrix_left<f16, ${k}, ${m}>;
alias Right = subgroup_matrix_right<f16, ${n}, ${k}>;
alias Sums = subgroup_matrix_result<f32, ${n}, ${m}>;

const THREADS = ${MATRIX_SUBGROUPS * lanes}u;
var<workgroup> a_tile: array<f16, ${MATRIX_TILE * A_STRIDE}>;
var<workgroup> b_tile: array<f16, ${MATRIX_SIDE * B_STRIDE}>;
var<workgroup> c_tile: array<f32, ${MATRIX_SUBGROUPS * m * n}>;

// Writes one matrix of each subgroup; \`first\` is its place in the subgroup's quarter.
fn put(sums: Sums, group: vec3u, first: vec2u, subgroup: u32, thread: u32) {
  subgroupMatrixStore<row_major>(&c_tile, subgroup * ${m * n}u, sums, ${n}u);
  workgroupBarrier();
  for (var i = thread; i < ${MATRIX_SUBGROUPS * m * n / 4}u; i += THREADS) {
    let quarter = i / ${m * n / 4}u;
    let row = group.y * ${MATRIX_TILE}u + quarter / 2u * ${MATRIX_SIDE}u + first.x
      + i % ${m * n / 4}u / ${n / 4}u;
    let column = group.x * ${MATRIX_TILE / 4}u + quarter % 2u * ${MATRIX_SIDE / 4}u + first.y / 4u
      + i % ${n / 4}u;
    if (row < p.m && column < p.c_pitch) {
      let at = 4u * i;
      c_matrix[row * p.c_pitch + column] =
        vec4f(c_tile[at], c_tile[at + 1u], c_tile[at + 2u], c_tile[at + 3u]);
    }
  }
  workgroupBarrier();
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32,
  @builtin(subgroup_id) subgroup: u32) {
let own_row = subgroup / 2u * ${MATRIX_SIDE}u;
let own_column = subgroup % 2u * ${MATRIX_SIDE}u;
${sums.map(([r, c]) => `var c${r}_${c} = Sums();`).join("\n")}
for (var k = 0u; k < p.k; k += ${MATRIX_SIDE}u) {
${
    fill("a", {
      rows: MATRIX_TILE,
      columns: MATRIX_SIDE,
      stride: A_STRIDE,
      row: `group.y * ${MATRIX_TILE}u`,
      inside: "p.m",
    })
  }
${
    fill("b", {
      rows: MATRIX_SIDE,
      columns: MATRIX_TILE,
      stride: B_STRIDE,
      row: "k",
      inside: "p.k",
    })
  }
workgroupBarrier();
${steps.join("\n")}
workgroupBarrier();
}
${
    sums.map(([r, c]) => `put(c${r}_${c}, group, vec2u(${r * m}u, ${c * n}u), subgroup, thread);`)
      .join("\n")
  }
}
`;
}
