// y[first + r] = x[r]. One thread copies one vector.
struct Params { rows: u32, vectors: u32, first: u32 };

@group(0) @binding(0) var<storage, read> x: array<T4>;
@group(0) @binding(1) var<storage, read_write> y: array<T4>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= p.rows * p.vectors) { return; }
  y[p.first * p.vectors + i] = x[i];
}
