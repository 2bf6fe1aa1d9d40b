// The token of the choice in each row; NONE where there is no choice.
struct Params { choices: u32, top: u32 };

@group(0) @binding(0) var<storage, read> row_ids: array<u32>;
@group(0) @binding(1) var<storage, read_write> row_tokens: array<u32>;
@group(0) @binding(2) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  if (i >= p.choices) { return; }
  let choice = row_ids[i];
  row_tokens[i] = select(choice / p.top, choice, choice == 0xffffffffu);
}
