// Each column takes its best rows of a segment. One thread a column and segment: the key of the last
// row that is taken is found bit by bit, then rows are taken in order, equal keys by lower row.
struct Params { segments: u32, columns: u32, pitch: u32, length: u32, count: u32 };

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> p: Params;

// Unsigned integers in the order of the floats; -0 is 0, a NaN is smallest.
fn key_of(v: f32) -> u32 {
  let bits = bitcast<u32>(v);
  let b = select(bits, 0u, bits == 0x80000000u);
  let ordered = select(~b, b | 0x80000000u, b < 0x80000000u);
  return select(ordered, 0u, (b & 0x7fffffffu) > 0x7f800000u);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let segment = i / p.pitch;
  let column = i - segment * p.pitch;
  if (segment >= p.segments) { return; }
  let first = segment * p.length * p.pitch + column;
  let end = first + p.length * p.pitch;
  if (column >= p.columns) {
    for (var at = first; at < end; at += p.pitch) { y[at] = 0.0; }
    return;
  }
  // The largest key that at least `count` rows reach.
  var least = 0u;
  for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
    let tried = least | bit;
    var reached = 0u;
    for (var at = first; at < end; at += p.pitch) { reached += u32(key_of(x[at]) >= tried); }
    if (reached >= p.count) { least = tried; }
  }
  var above = 0u;
  for (var at = first; at < end; at += p.pitch) { above += u32(key_of(x[at]) > least); }
  var equal = p.count - above;
  for (var at = first; at < end; at += p.pitch) {
    let key = key_of(x[at]);
    let taken = key > least || (key == least && equal > 0u);
    if (key == least && equal > 0u) { equal--; }
    y[at] = f32(taken);
  }
}
