/**
 * The shader of the first half of a sum: one thread adds every `threads`-th vector of each plane of
 * each tensor and leaves one number.
 *
 * @module
 */
import type { Storage } from "../storage.ts";

/** WGSL for tensors of these storage types, each bound where it comes, then the parts. */
export function partsShader(dtypes: readonly Storage[]): string {
  const bindings = dtypes.map((dtype, i) =>
    `@group(0) @binding(${i}) var<storage, read> x${i}: array<vec4<${dtype}>>;`
  );
  const sums = dtypes.map((_, i) => `
  {
    let at = p.extents[${i}];
    for (var z = 0u; z < at.planes; z++) {
      for (var i = id; i < at.count; i += threads) {
        let live = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(at.live);
        let value = select(vec4f(), vec4f(x${i}[z * at.plane + i]), live);
        sum = fma(value, select(vec4f(1.0), value, squares), sum);
      }
    }
  }`);
  return `${dtypes.includes("f16") ? "enable f16;\n" : ""}
struct Extent { planes: u32, live: u32, count: u32, plane: u32 };
struct Params {
  threads: u32, squares: u32, first: u32, @align(16) extents: array<Extent, ${dtypes.length}>,
};
${bindings.join("\n")}
@group(0) @binding(${dtypes.length}) var<storage, read_write> parts: array<f32>;
@group(0) @binding(${dtypes.length + 1}) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.y * groups.x + group.x) * 64u + thread;
  // Named once: a software driver gathers a uniform lane by lane wherever it is named.
  let threads = p.threads;
  if (id >= threads) { return; }
  let squares = p.squares == 1u;
  var sum = vec4f();${sums.join("")}
  parts[p.first + id] = sum.x + sum.y + sum.z + sum.w;
}
`;
}
