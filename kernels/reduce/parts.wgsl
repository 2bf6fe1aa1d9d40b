// Sums of a tensor's elements, or of their squares, in parts: one thread adds every `threads`-th
// vector of each plane and leaves one number.
struct Params {
  threads: u32, count: u32, live: u32, plane: u32, planes: u32, squares: u32, first: u32,
};

@group(0) @binding(0) var<storage, read> x: array<T4>;
@group(0) @binding(1) var<storage, read_write> parts: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.y * groups.x + group.x) * 64u + thread;
  if (id >= p.threads) { return; }
  var sum = vec4f();
  for (var z = 0u; z < p.planes; z++) {
    for (var i = id; i < p.count; i += p.threads) {
      let live = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(p.live);
      let value = select(vec4f(), vec4f(x[z * p.plane + i]), live);
      sum = fma(value, select(vec4f(1.0), value, p.squares == 1u), sum);
    }
  }
  parts[p.first + id] = sum.x + sum.y + sum.z + sum.w;
}
