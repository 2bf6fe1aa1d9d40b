// y[t] = table[ids[t] - first], for ids that the table has; other rows stay what they are. One thread copies up to eight vectors of a row: its id is read once for them.
struct Params { tokens: u32, vectors: u32, threads: u32, first: u32, rows: u32 };

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> table: array<T4>;
@group(0) @binding(2) var<storage, read_write> y: array<T4>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let t = i / p.threads;
  if (t >= p.tokens) { return; }
  let at = t * p.vectors;
  let row = ids[t] - p.first;
  if (row >= p.rows) { return; }
  let from_at = row * p.vectors;
  for (var c = i - t * p.threads; c < p.vectors; c += p.threads) { y[at + c] = table[from_at + c]; }
}
