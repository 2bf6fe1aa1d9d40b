// The gradient of a choice's routing weight: the parts of its row's sum, added in order. A row without
// a choice is unused.
struct Params { rows: u32, lanes: u32 };

@group(0) @binding(0) var<storage, read> parts: array<f32>;
@group(0) @binding(1) var<storage, read> row_ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> dweights: array<f32>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= p.rows) { return; }
  let choice = row_ids[row];
  if (choice == 0xffffffffu) { return; }
  var sum = 0.0;
  for (var i = row * p.lanes; i < (row + 1u) * p.lanes; i++) { sum += parts[i]; }
  dweights[choice] = sum;
}
