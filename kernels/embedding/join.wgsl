// Adds the parts of runs that cross chunks, in order: the thread of the chunk in which a run began.
struct Params { count: u32, vectors: u32, chunk: u32, add: u32 };

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> heads: array<vec4f>;
@group(0) @binding(2) var<storage, read> tails: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dtable: array<D4>;
@group(0) @binding(4) var<uniform> p: Params;

// Whether the run at the end of a chunk goes on in the next.
fn goes_on(end: u32, key: u32) -> bool {
  if (end >= p.count) { return false; }
  return keys[end - 1u] == key && keys[end] == key;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let own = i / p.vectors;
  let c = i - own * p.vectors;
  let first = own * p.chunk;
  var end = first + p.chunk;
  if (end >= p.count) { return; }
  let key = keys[end - 1u];
  if (!goes_on(end, key)) { return; }
  if (first > 0u && keys[first] == key && keys[first - 1u] == key) { return; }
  var part = i;
  var sum = tails[part];
  loop {
    part += p.vectors;
    end += p.chunk;
    if (!goes_on(end, key)) { break; }
    sum += tails[part];
  }
  sum += heads[part];
  let at = key * p.vectors + c;
  if (p.add == 1u) { sum += vec4f(dtable[at]); }
  dtable[at] = D4(sum);
}
