// One workgroup adds a column of vectors: each thread every 64th row, then eight threads the sums of
// eight, then one those. Where `whole` is 1 the four numbers of the vector are added up too.
struct Params { rows: u32, pitch: u32, vectors: u32, whole: u32 };

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> p: Params;

var<workgroup> parts: array<vec4f, 64>;
var<workgroup> heads: array<vec4f, 8>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let column = group.y * groups.x + group.x;
  var sum = vec4f();
  if (column < p.pitch) {
    for (var row = thread; row < p.rows; row += 64u) { sum += x[row * p.pitch + column]; }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (thread < 8u) {
    var part = parts[8u * thread];
    for (var i = 1u; i < 8u; i++) { part += parts[8u * thread + i]; }
    heads[thread] = part;
  }
  workgroupBarrier();
  if (thread > 0u || column >= p.pitch) { return; }
  var all = heads[0];
  for (var i = 1u; i < 8u; i++) { all += heads[i]; }
  if (p.whole == 0u) {
    y[column] = all;
    return;
  }
  y[0] = vec4f(all.x + all.y + all.z + all.w, 0.0, 0.0, 0.0);
  for (var i = 1u; i < p.vectors; i++) { y[i] = vec4f(); }
}
