// Each choice learns its place among the rows sorted by expert, and each place its choice. A dropped
// choice has no place, and rows beyond the last expert's have no choice: both are NONE.
struct Params { choices: u32, experts: u32, block: u32 };

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read> offsets: array<u32>;
@group(0) @binding(3) var<storage, read> ranks: array<u32>;
@group(0) @binding(4) var<storage, read_write> row_ids: array<u32>;
@group(0) @binding(5) var<storage, read_write> places: array<u32>;
@group(0) @binding(6) var<uniform> p: Params;

const NONE = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= p.choices) { return; }
  if (i >= offsets[p.experts]) { row_ids[i] = NONE; }
  let e = ids[i];
  if (e >= p.experts) {
    places[i] = NONE;
    return;
  }
  let place = offsets[e] + counts[(i / p.block) * p.experts + e] + ranks[i];
  row_ids[place] = i;
  places[i] = place;
}
