// y[t] = sum over slots of weights[t, slot] * rows[places[t, slot]], plus extra[t] where it is given.
// One thread makes every `lanes`-th vector of a token's row, four at most, so that the place and the
// weight of a slot are read once for four vectors; the slots are added in order. A slot without a
// place was dropped.
struct Params {
  tokens: u32, top: u32, vectors: u32, lanes: u32, with_weights: u32, with_extra: u32,
};

@group(0) @binding(0) var<storage, read> rows: array<T4>;
@group(0) @binding(1) var<storage, read> places: array<u32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> extra: array<T4>;
@group(0) @binding(4) var<storage, read_write> y: array<T4>;
@group(0) @binding(5) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let id = (group.y * groups.x + group.x) * 64u + thread;
  let t = id / p.lanes;
  if (t >= p.tokens) { return; }
  // Beyond the row's end the last vector is read again, and nothing is written.
  let column = vec4u(id % p.lanes) + vec4u(0u, 1u, 2u, 3u) * p.lanes;
  let source = min(column, vec4u(p.vectors - 1u));
  let own = t * p.vectors + source;
  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  if (p.with_extra == 1u) {
    sum0 = vec4f(extra[own.x]);
    sum1 = vec4f(extra[own.y]);
    sum2 = vec4f(extra[own.z]);
    sum3 = vec4f(extra[own.w]);
  }
  for (var choice = t * p.top; choice < (t + 1u) * p.top; choice++) {
    let place = places[choice];
    if (place == 0xffffffffu) { continue; }
    let at = place * p.vectors + source;
    var weight = vec4f(1.0);
    if (p.with_weights == 1u) { weight = vec4f(weights[choice]); }
    sum0 = fma(weight, vec4f(rows[at.x]), sum0);
    sum1 = fma(weight, vec4f(rows[at.y]), sum1);
    sum2 = fma(weight, vec4f(rows[at.z]), sum2);
    sum3 = fma(weight, vec4f(rows[at.w]), sum3);
  }
  y[own.x] = T4(sum0);
  if (column.y < p.vectors) { y[own.y] = T4(sum1); }
  if (column.z < p.vectors) { y[own.z] = T4(sum2); }
  if (column.w < p.vectors) { y[own.w] = T4(sum3); }
}
