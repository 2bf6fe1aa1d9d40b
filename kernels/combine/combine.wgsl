// y[t] = sum over slots of weights[t, slot] * rows[places[t, slot]], plus extra[t] where it is given.
// One thread makes four columns of one token; the slots are added in order.
struct Params { tokens: u32, top: u32, columns: u32, with_extra: u32 };

@group(0) @binding(0) var<storage, read> rows: array<vec4f>;
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> extra: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  if (i >= p.tokens * p.columns) { return; }
  let t = i / p.columns;
  let column = i % p.columns;
  var sum = vec4f();
  if (p.with_extra == 1u) { sum = extra[i]; }
  for (var slot = 0u; slot < p.top; slot++) {
    let choice = t * p.top + slot;
    sum = fma(vec4f(weights[choice]), rows[places[choice] * p.columns + column], sum);
  }
  y[i] = sum;
}
