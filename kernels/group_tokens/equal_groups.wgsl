// The metadata of groups of one size, which is known beforehand: choice c, the (c % pitch)-th of its
// block, is of expert (c % pitch) / per_expert, or nobody's. One thread for each choice or tile.
struct Params {
  choices: u32, experts: u32, per_expert: u32, pitch: u32, tile_rows: u32, most_tiles: u32,
};

@group(0) @binding(0) var<storage, read_write> offsets: array<u32>;
@group(0) @binding(1) var<storage, read_write> tile_map: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> row_ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;
@group(0) @binding(4) var<uniform> p: Params;

const NONE = 0xffffffffu;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let rows = p.choices / p.pitch * p.per_expert;
  if (i <= p.experts) { offsets[i] = i * rows; }
  if (i < p.most_tiles) {
    let tiles = (rows + p.tile_rows - 1u) / p.tile_rows;
    let e = i / tiles;
    let first = e * rows + i % tiles * p.tile_rows;
    tile_map[i] = select(vec4u(), vec4u(e, first, (e + 1u) * rows, 0u), e < p.experts);
  }
  if (i >= p.choices) { return; }
  let own = i % p.pitch;
  let e = own / p.per_expert;
  places[i] = NONE;
  if (i >= p.experts * rows) { row_ids[i] = NONE; }
  if (e >= p.experts) { return; }
  let row = e * rows + i / p.pitch * p.per_expert + own % p.per_expert;
  places[i] = row;
  row_ids[row] = i;
}
