/**
 * The largest entries of each row, by their columns.
 *
 * @module
 */
import { compile, linearGrid, type Recorder } from "../recorder.ts";
import { MOST_IN_A_PASS, sortableText, topKText } from "../router/top_k.ts";
import type { Tensor } from "../tensor.ts";

function shaderOf(k: number): string {
  const write = (n: string) =>
    `for (var j = 0u; j < ${n}; j++) { ids[row * p.k + found + j] = best_ids[j]; }`;
  const pass = `for (var c = 0u; c < p.columns; c += 4u) {
      let keys = sortable(x[(row * p.pitch + c) / 4u]);
      for (var j = 0u; j < min(4u, p.columns - c); j++) { best_take(c + j, keys[j]); }
    }`;
  const several = k > MOST_IN_A_PASS;
  return `struct Params { rows: u32, columns: u32, pitch: u32, k: u32 };
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> ids: array<u32>;
@group(0) @binding(2) var<uniform> p: Params;
${sortableText}
${topKText("best", k)}
@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= p.rows) { return; }
  ${
    several
      ? `for (var found = 0u; found < p.k; found += ${MOST_IN_A_PASS}u) {
    ${pass}
    ${write(`min(${MOST_IN_A_PASS}u, p.k - found)`)}
    best_next();
  }`
      : `let found = 0u;
    ${pass}
    ${write("p.k")}`
  }
}
`;
}

/**
 * Records the columns of the `k` largest entries of each row of x[T, N], best first, equal ones by
 * lower column: u32 [T * k]. A NaN is smaller than every number.
 *
 * @throws {RangeError} where k is not 1 to N.
 *
 * @example
 * ```ts
 * import * as k from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const device = await k.openDevice();
 * const pool = k.createPool(device);
 * const x = pool.upload("x", [1, 4], Float32Array.of(1, 7, 7, -2));
 * const recorder = k.createRecorder(pool);
 * const ids = k.topIds(recorder, x, { k: 3 });
 * recorder.submit();
 * const [values] = await k.download(device, [ids]);
 * device.close();
 * assertEquals([...values], [1, 2, 0]);
 * ```
 */
export function topIds(
  recorder: Recorder,
  x: Tensor,
  options: { k: number; label?: string },
): Tensor {
  const { k, label = "largest" } = options;
  const [rows, columns] = x.shape;
  if (!(Number.isInteger(k) && k >= 1 && k <= columns)) {
    throw new RangeError(`Cannot choose ${k} of ${columns} columns: wanted 1 to ${columns}`);
  }
  const ids = recorder.pool.tensor(label, [rows * k], { dtype: "u32" });
  recorder.launch({
    label,
    kernel: compile(recorder.device, "top ids", shaderOf(k)),
    inputs: [x, ids],
    uniforms: [rows, columns, x.pitch, k],
    grid: linearGrid(rows),
  });
  return ids;
}
