// dsink[h] = - sum over tokens of exp(sink[h] - lse[h, t]) * delta[h, t]: the share of the sink times
// what the other keys lose by it. One workgroup a head; sums in a fixed order.
struct Params { tokens: u32 };

@group(0) @binding(0) var<storage, read> sink: array<f32>;
@group(0) @binding(1) var<storage, read> lse: array<f32>;
@group(0) @binding(2) var<storage, read> delta: array<f32>;
@group(0) @binding(3) var<storage, read_write> dsink: array<f32>;
@group(0) @binding(4) var<uniform> p: Params;

const THREADS = 64u;
var<workgroup> sums: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = group.x;
  var sum = 0.0;
  for (var t = thread; t < p.tokens; t += THREADS) {
    let i = head * p.tokens + t;
    sum -= exp(sink[head] - lse[i]) * delta[i];
  }
  sums[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < THREADS; i++) { total += sums[i]; }
    dsink[head] = total;
  }
}
