// Each thread adds four columns of `block` rows.
struct Params { rows: u32, vectors: u32, block: u32, blocks: u32 };

@group(0) @binding(0) var<storage, read> x: array<T4>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.y * groups.x + group.x) * 64u + thread;
  if (id >= p.blocks * p.vectors) { return; }
  let own = id / p.vectors;
  let column = id % p.vectors;
  let end = min((own + 1u) * p.block, p.rows);
  var sum = vec4f();
  for (var row = own * p.block; row < end; row++) {
    sum += vec4f(x[row * p.vectors + column]);
  }
  y[id] = sum;
}
