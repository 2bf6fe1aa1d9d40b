// Softmax over E logits and the K largest of them; one thread a token.
// Ties go to the lower index: a pick is the largest entry that comes after the last pick in the
// order (value descending, index ascending), so no entry is marked and no storage is used.
struct Params { tokens: u32, experts: u32, top: u32, pitch: u32, renormalise: u32 };

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read_write> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;
@group(0) @binding(3) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let t = id.x;
  if (t >= p.tokens) { return; }
  let row = t * p.pitch;
  var highest = logits[row];
  for (var e = 1u; e < p.experts; e++) { highest = max(highest, logits[row + e]); }
  var total = 0.0;
  for (var e = 0u; e < p.experts; e++) { total += exp(logits[row + e] - highest); }

  var last_value = 0.0;
  var last_id = 0u;
  var picked = 0.0;
  for (var slot = 0u; slot < p.top; slot++) {
    // NaN logits compare false everywhere: the slot's own number keeps the ids in range and distinct.
    var best_id = slot;
    var best_value = 0.0;
    var found = false;
    for (var e = 0u; e < p.experts; e++) {
      let value = logits[row + e];
      let after = slot == 0u || value < last_value || (value == last_value && e > last_id);
      if (after && (!found || value > best_value)) {
        best_value = value;
        best_id = e;
        found = true;
      }
    }
    last_value = best_value;
    last_id = best_id;
    let weight = exp(best_value - highest) / total;
    picked += weight;
    ids[t * p.top + slot] = best_id;
    weights[t * p.top + slot] = weight;
  }
  if (p.renormalise == 1u) {
    for (var slot = 0u; slot < p.top; slot++) { weights[t * p.top + slot] /= picked; }
  }
}
