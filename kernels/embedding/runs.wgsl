// Sums runs of equal keys: one thread adds eight columns of a chunk of sorted positions, in order.
// A run within the chunk goes to its row of the table. One that began before leaves its sum in
// heads, one that goes on after the chunk in tails; join.wgsl adds those.
struct Params { count: u32, vectors: u32, chunk: u32, add: u32 };

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<T4>;
@group(0) @binding(3) var<storage, read_write> dtable: array<D4>;
@group(0) @binding(4) var<storage, read_write> heads: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> tails: array<vec4f>;
@group(0) @binding(6) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let pairs = p.vectors / 2u;
  let own = i / pairs;
  let c = 2u * (i - own * pairs);
  let first = own * p.chunk;
  if (first >= p.count) { return; }
  let part = own * p.vectors + c;
  let end = min(first + p.chunk, p.count);
  var key = keys[first];
  var open = first > 0u && keys[first - 1u] == key;
  var sum0 = vec4f();
  var sum1 = vec4f();
  for (var r = first; r < end; r++) {
    let row = order[r] * p.vectors + c;
    sum0 += vec4f(dy[row]);
    sum1 += vec4f(dy[row + 1u]);
    var next = key;
    var last = true;
    if (r + 1u < p.count) {
      next = keys[r + 1u];
      last = next != key;
    }
    if (last) {
      if (open) {
        heads[part] = sum0;
        heads[part + 1u] = sum1;
      } else {
        let at = key * p.vectors + c;
        if (p.add == 1u) {
          sum0 += vec4f(dtable[at]);
          sum1 += vec4f(dtable[at + 1u]);
        }
        dtable[at] = D4(sum0);
        dtable[at + 1u] = D4(sum1);
      }
      key = next;
      open = false;
      sum0 = vec4f();
      sum1 = vec4f();
    } else if (r + 1u == end) {
      tails[part] = sum0;
      tails[part + 1u] = sum1;
    }
  }
}
