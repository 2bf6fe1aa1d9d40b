// The mean loss over the tokens that are not ignored, and the share of each: 1 / their number.
// One workgroup; each lane adds every 64th token, then the lanes are added in their order.
struct Params { rows: u32, ignore: u32 };

@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> share: array<f32>;
@group(0) @binding(4) var<uniform> p: Params;

const THREADS = 64u;
var<workgroup> sums: array<f32, THREADS>;
var<workgroup> counts: array<u32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  var count = 0u;
  for (var row = thread; row < p.rows; row += THREADS) {
    sum += losses[row];
    count += select(1u, 0u, targets[row] == p.ignore);
  }
  sums[thread] = sum;
  counts[thread] = count;
  workgroupBarrier();
  if (thread > 0u) { return; }
  for (var i = 1u; i < THREADS; i++) {
    sum += sums[i];
    count += counts[i];
  }
  let each = select(1.0 / f32(count), 0.0, count == 0u);
  mean[0] = sum * each;
  share[0] = each;
}
