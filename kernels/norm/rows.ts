/**
 * How the lanes of a workgroup of 64 share rows: one lane a row where a CPU runs the shader (its
 * vectors are then full and nothing is exchanged), the whole workgroup on one row on a GPU (its
 * loads are then neighbours) and where there are too few rows to fill the lanes.
 *
 * @module
 */
import type { Device } from "../device.ts";

/** Lanes that work on one row. */
export type RowLanes = 1 | 64;

/** Rows from which on a CPU gives each lane a row of its own. */
const MANY_ROWS = 64;

/** Lanes a row for a device and a number of rows. */
export function rowLanes(device: Device, rows: number): RowLanes {
  return device.adapter.software && rows >= MANY_ROWS ? 1 : 64;
}

const ownRow = `
const LANES = 1u;
fn row_of(group: u32, thread: u32) -> u32 { return group * 64u + thread; }
fn lane_of(thread: u32) -> u32 { return 0u; }
fn row_sum(v: f32, lane: u32) -> f32 { return v; }
fn row_max(v: f32, lane: u32) -> f32 { return v; }
`;

/** Sixty-four values become eight, and eight become one, in a fixed order. */
const reduce = (name: string, step: string) => `
fn ${name}(v: f32, lane: u32) -> f32 {
  parts[lane] = v;
  workgroupBarrier();
  if (lane < 8u) {
    var part = parts[8u * lane];
    for (var i = 1u; i < 8u; i++) { let next = parts[8u * lane + i]; part = ${step}; }
    heads[lane] = part;
  }
  workgroupBarrier();
  var part = heads[0];
  for (var i = 1u; i < 8u; i++) { let next = heads[i]; part = ${step}; }
  return part;
}`;

const sharedRow = `
const LANES = 64u;
var<workgroup> parts: array<f32, 64>;
var<workgroup> heads: array<f32, 8>;
fn row_of(group: u32, thread: u32) -> u32 { return group; }
fn lane_of(thread: u32) -> u32 { return thread; }
${reduce("row_sum", "part + next")}
${reduce("row_max", "max(part, next)")}
`;

/**
 * WGSL: `LANES`; `row_of(group, thread)` and `lane_of(thread)`; `row_sum(v, lane)` and
 * `row_max(v, lane)`, which give every lane of a row the same value. A shader of these is launched
 * on `linearGrid(rows * lanes)`.
 */
export const rowLanesText: Readonly<Record<RowLanes, string>> = { 1: ownRow, 64: sharedRow };

/** What is bound to a shader: names and element types, "write" where it is written. */
export type Bindings = readonly (readonly [name: string, type: string, access?: "write"])[];

/**
 * WGSL declarations of storage arrays from binding 0 on, with the uniform `p` of type Params last.
 */
export function bindingsText(bindings: Bindings): string {
  const lines = bindings.map(([name, type, access], i) =>
    `@group(0) @binding(${i}) var<storage, ${
      access ? "read_write" : "read"
    }> ${name}: array<${type}>;`
  );
  return [...lines, `@group(0) @binding(${bindings.length}) var<uniform> p: Params;`].join("\n");
}

/** WGSL: the head of a `main` over rows, up to the names `row` and `lane`. */
export const rowMain = `
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = row_of(group.y * groups.x + group.x, thread);
  let lane = lane_of(thread);
  if (row >= p.rows) { return; }`;

/** WGSL: `keep(v, c)`, the four columns from 4 c on, 0 where there are fewer than p.columns. */
export const keepText = `
fn keep(v: vec4f, c: u32) -> vec4f {
  return select(vec4f(), v, vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u) < vec4u(p.columns));
}`;
