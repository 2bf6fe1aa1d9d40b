// Copies columns of one matrix to columns of another, or adds them. One thread for four columns.
struct Params {
  rows: u32, vectors: u32, from_pitch: u32, from_first: u32, to_pitch: u32, to_first: u32, add: u32
};

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
  let row = i / p.vectors;
  let c = i - row * p.vectors;
  let to = row * p.to_pitch + p.to_first + c;
  var v = vec4f(x[row * p.from_pitch + p.from_first + c]);
  if (p.add == 1u) { v += vec4f(y[to]); }
  y[to] = T4(v);
}
