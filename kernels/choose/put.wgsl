// Adds the entries of each row where the ids of the row say; one thread a row, in order.
struct Params { rows: u32, columns: u32, pitch: u32, top: u32, x_pitch: u32, adds: u32 };

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let row = (group.y * groups.x + group.x) * 64u + thread;
  if (row >= p.rows) { return; }
  let at = row * p.pitch;
  if (p.adds == 0u) {
    for (var c = 0u; c < p.pitch; c++) { y[at + c] = 0.0; }
  }
  for (var j = 0u; j < p.top; j++) {
    let id = ids[row * p.top + j];
    if (id < p.columns) { y[at + id] += x[row * p.x_pitch + j]; }
  }
}
