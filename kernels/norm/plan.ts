/**
 * How a norm's workgroup holds whole rows in registers, so that every element is read once.
 *
 * One workgroup walks over a block of rows; each lane owns the same columns of all of them, and
 * with them its part of gamma, beta and their gradients. Where a row fits into the registers of one
 * subgroup, the subgroup is the workgroup and sums without memory; a wider row takes a workgroup of
 * 64 or 256 and goes through workgroup memory, which costs a CPU far more than a GPU.
 *
 * @module
 */
import type { Device } from "../device.ts";

/** Lanes of a workgroup, and what each does. */
export interface NormPlan {
  /** Lanes of a workgroup. */
  lanes: number;
  /** Vectors of four columns that a lane holds of a row. */
  steps: number;
  /** Whether the workgroup is one subgroup. */
  subgroup: boolean;
  /** Rows that a workgroup walks over. */
  block: number;
}

/**
 * Most vectors of a row that the lanes of a subgroup hold: a GPU has fewer registers than a CPU has
 * stack, and on a CPU each costs 15 to 60 ms of compilation.
 */
const HELD = { software: 32, gpu: 8 } as const;
/** Workgroups to make before blocks grow, so that no core is idle. */
const WORKGROUPS = { software: 16, gpu: 2048 } as const;

/** The plan for `rows` rows of `vectors` vectors. */
export function normPlan(
  device: Pick<Device, "subgroupSize"> & { adapter: Pick<Device["adapter"], "software"> },
  sizes: { rows: number; vectors: number },
): NormPlan {
  const { rows, vectors } = sizes;
  const kind = device.adapter.software ? "software" : "gpu";
  const size = device.subgroupSize;
  const subgroup = size > 0 && vectors <= HELD[kind] * size;
  const lanes = subgroup ? size : vectors <= HELD.gpu * 64 ? 64 : 256;
  const steps = Math.ceil(vectors / lanes);
  const block = Math.min(64, Math.max(1, Math.floor(rows / WORKGROUPS[kind])));
  return { lanes, steps, subgroup, block };
}

const treeSum = (lanes: number) => `
var<workgroup> parts: array<f32, ${lanes}>;
var<workgroup> heads: array<f32, ${lanes / 8}>;
var<workgroup> whole: f32;
fn row_sum(v: f32, lane: u32) -> f32 {
  parts[lane] = v;
  workgroupBarrier();
  if (lane < ${lanes / 8}u) {
    var part = 0.0;
    for (var i = 0u; i < 8u; i++) { part += parts[8u * lane + i]; }
    heads[lane] = part;
  }
  workgroupBarrier();
  if (lane == 0u) {
    var part = 0.0;
    for (var i = 0u; i < ${lanes / 8}u; i++) { part += heads[i]; }
    whole = part;
  }
  workgroupBarrier();
  return whole;
}`;

/** WGSL: `row_sum(v, lane)`, the sum over the workgroup, for every lane. */
export const rowSumText = ({ subgroup, lanes }: NormPlan): string =>
  subgroup ? "fn row_sum(v: f32, lane: u32) -> f32 { return subgroupAdd(v); }" : treeSum(lanes);

/**
 * WGSL of a step for each vector that a lane holds: `text(j)` with `c${j}`, the vector's column,
 * guarded where it may be beyond the row, which only the last can be.
 */
export function eachStep(
  plan: NormPlan,
  text: (j: number) => string,
  options: { guard?: boolean } = {},
): string {
  return Array.from({ length: plan.steps }, (_, j) => {
    const line = text(j);
    const guarded = options.guard && j === plan.steps - 1;
    return guarded ? `if (c${j} < p.vectors) { ${line} }` : line;
  }).join("\n    ");
}
