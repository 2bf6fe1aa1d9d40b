// One workgroup turns block counts into positions: an exclusive scan over the blocks of each
// expert, one over the experts, and the map of row tiles, zeros beyond the last one.
struct Params { experts: u32, blocks: u32, tile_rows: u32, most_tiles: u32 };

@group(0) @binding(0) var<storage, read_write> counts: array<u32>;
@group(0) @binding(1) var<storage, read_write> offsets: array<u32>;
@group(0) @binding(2) var<storage, read_write> tile_map: array<vec4u>;
@group(0) @binding(3) var<uniform> p: Params;

const THREADS = 64u;
var<workgroup> chunk_rows: array<u32, THREADS>;
var<workgroup> chunk_tiles: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  // Each thread owns a run of experts. offsets[e] holds the rows of expert e until it is scanned.
  let run = (p.experts + THREADS - 1u) / THREADS;
  let first = min(thread * run, p.experts);
  let end = min(first + run, p.experts);
  var rows = 0u;
  var tiles = 0u;
  for (var e = first; e < end; e++) {
    var sum = 0u;
    for (var b = 0u; b < p.blocks; b++) {
      let at = b * p.experts + e;
      let count = counts[at];
      counts[at] = sum;
      sum += count;
    }
    offsets[e] = sum;
    rows += sum;
    tiles += (sum + p.tile_rows - 1u) / p.tile_rows;
  }
  chunk_rows[thread] = rows;
  chunk_tiles[thread] = tiles;
  workgroupBarrier();
  var row = 0u;
  var tile = 0u;
  for (var i = 0u; i < thread; i++) {
    row += chunk_rows[i];
    tile += chunk_tiles[i];
  }
  for (var e = first; e < end; e++) {
    let count = offsets[e];
    offsets[e] = row;
    for (var r = 0u; r < count; r += p.tile_rows) {
      tile_map[tile] = vec4u(e, row + r, row + count, 0u);
      tile++;
    }
    row += count;
  }
  if (thread == THREADS - 1u) { offsets[p.experts] = row; }
  var total = 0u;
  for (var i = 0u; i < THREADS; i++) { total += chunk_tiles[i]; }
  for (var i = total + thread; i < p.most_tiles; i += THREADS) { tile_map[i] = vec4u(); }
}
