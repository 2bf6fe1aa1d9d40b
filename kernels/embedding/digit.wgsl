// Brings keys and their positions into the order of the last pass and takes the digit of the next.
struct Params { count: u32, first_pass: u32, shift: u32, digits: u32 };

@group(0) @binding(0) var<storage, read> keys: array<u32>;
@group(0) @binding(1) var<storage, read> order: array<u32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> new_keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> new_order: array<u32>;
@group(0) @binding(5) var<storage, read_write> digit: array<u32>;
@group(0) @binding(6) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= p.count) { return; }
  var at = i;
  var position = i;
  if (p.first_pass == 0u) {
    at = places[i];
    position = order[at];
  }
  let key = keys[at];
  new_keys[i] = key;
  new_order[i] = position;
  digit[i] = (key >> p.shift) & (p.digits - 1u);
}
