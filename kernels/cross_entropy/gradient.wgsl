// Logits become their gradients, in place: (softmax * (1 + 2 z lse) - [target]) * scale / tokens.
// One thread makes up to eight vectors of a row, so that what belongs to the row is read once.
struct Params {
  rows: u32, columns: u32, vectors: u32, first: u32, threads: u32, ignore: u32, z: f32, scale: f32
};

@group(0) @binding(0) var<storage, read> targets: array<u32>;
@group(0) @binding(1) var<storage, read> lse: array<f32>;
@group(0) @binding(2) var<storage, read> share: array<f32>;
@group(0) @binding(3) var<storage, read_write> logits: array<T4>;
@group(0) @binding(4) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let row = i / p.threads;
  if (row >= p.rows) { return; }
  let target_id = targets[row];
  let l = lse[row];
  let scale = select(share[0] * p.scale, 0.0, target_id == p.ignore);
  let raised = scale * (1.0 + 2.0 * p.z * l);
  for (var c = i - row * p.threads; c < p.vectors; c += p.threads) {
    let at = row * p.vectors + c;
    let column = vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u);
    let hit = select(vec4f(), vec4f(scale), column + vec4u(p.first) == vec4u(target_id));
    let d = raised * exp(vec4f(logits[at]) - l) - hit;
    // An ignored row is 0 whatever its logits were.
    let wanted = (column < vec4u(p.columns)) & vec4<bool>(target_id != p.ignore);
    logits[at] = T4(select(vec4f(), d, wanted));
  }
}
