// One thread counts one block of choices by expert and notes each choice's rank within the block.
// A thread owns its row of counts: no atomics, so the order is the order of the choices. An id beyond
// the experts, such as NONE, is a choice that was dropped: nobody counts it.
struct Params { choices: u32, experts: u32, block: u32, blocks: u32 };

@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read_write> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> ranks: array<u32>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let own = id.x;
  if (own >= p.blocks) { return; }
  let base = own * p.experts;
  for (var e = 0u; e < p.experts; e++) { counts[base + e] = 0u; }
  let end = min((own + 1u) * p.block, p.choices);
  for (var i = own * p.block; i < end; i++) {
    let e = ids[i];
    if (e >= p.experts) { continue; }
    let at = base + e;
    let rank = counts[at];
    ranks[i] = rank;
    counts[at] = rank + 1u;
  }
}
