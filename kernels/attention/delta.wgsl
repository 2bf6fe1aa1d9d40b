// delta[h, t] = sum over a head's columns of o[t] * grad[t]; one thread a head and token.
struct Params { tokens: u32, heads: u32, width: u32 };

@group(0) @binding(0) var<storage, read> o: array<T4>;
@group(0) @binding(1) var<storage, read> grad: array<T4>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= p.tokens * p.heads) { return; }
  let first = i * p.width;
  var sum = 0.0;
  for (var v = 0u; v < p.width; v++) { sum += dot(vec4f(o[first + v]), vec4f(grad[first + v])); }
  delta[i % p.heads * p.tokens + i / p.heads] = sum;
}
