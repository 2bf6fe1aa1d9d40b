/**
 * The kernel that rotates pairs of columns.
 *
 * A thread turns four pairs: two vectors of a head that lie half of the rotated columns apart, or
 * next to each other with the pairs interleaved; and the same pairs of the heads beside it, `run` in
 * all, which turn by the same angles. The threads after those copy what stays, where the result is
 * another tensor.
 *
 * @module
 */

/** WGSL of the kernel, without the storage prelude; in place, `y` is read and written. */
export function ropeShader(inPlace: boolean): string {
  const x = inPlace ? "y" : "x";
  const names = ["table", ...(inPlace ? [] : ["x"]), "y"];
  const types: Record<string, string> = {
    table: "<storage, read> table: array<vec4f>",
    x: "<storage, read> x: array<T4>",
    y: "<storage, read_write> y: array<T4>",
  };
  return `
struct Params { rows: u32, heads: u32, run: u32, width: u32, pitch: u32, length: u32, offset: u32,
  units: u32, turned: u32, first: u32, interleaved: u32, direction: f32 };
${names.map((name, i) => `@group(0) @binding(${i}) var${types[name]};`).join("\n")}
@group(0) @binding(${names.length}) var<uniform> p: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let i = (group.y * groups.x + group.x) * 64u + thread;
  let parts = (p.heads + p.run - 1u) / p.run;
  let part = i / p.units;
  let unit = i % p.units;
  let row = part / parts;
  if (row >= p.rows) { return; }
  let first_head = part % parts * p.run;
  let begin = row * p.pitch + first_head * p.width;
  let end = row * p.pitch + min(first_head + p.run, p.heads) * p.width;
  if (unit >= p.turned) {
    let still = unit - p.turned;
    let column = select(still + 2u * p.turned, still, still < p.first);
    for (var head = begin; head < end; head += p.width) { y[head + column] = ${x}[head + column]; }
    return;
  }
  let angle = 2u * ((row % p.length + p.offset) * p.turned + unit);
  let cosine = table[angle];
  let sine = table[angle + 1u] * p.direction;
  let interleaved = p.interleaved == 1u;
  let column = p.first + select(unit, 2u * unit, interleaved);
  let apart = select(p.turned, 1u, interleaved);
  for (var head = begin; head < end; head += p.width) {
    let at = head + column;
    let low = vec4f(${x}[at]);
    let high = vec4f(${x}[at + apart]);
    let a = select(low, vec4f(low.xz, high.xz), interleaved);
    let b = select(high, vec4f(low.yw, high.yw), interleaved);
    let c = a * cosine - b * sine;
    let d = b * cosine + a * sine;
    y[at] = T4(select(c, vec4f(c.x, d.x, c.y, d.y), interleaved));
    y[at + apart] = T4(select(d, vec4f(c.z, d.z, c.w, d.w), interleaved));
  }
}
`;
}
