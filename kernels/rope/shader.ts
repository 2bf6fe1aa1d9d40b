/**
 * The kernel that rotates pairs of columns.
 *
 * A thread turns four pairs: two vectors of a head that lie half of the rotated columns apart, or
 * next to each other with the pairs interleaved. The threads after those copy what stays, where the
 * result is another tensor.
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
struct Params { parts: u32, heads: u32, width: u32, pitch: u32, length: u32, offset: u32,
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
  if (i >= p.parts * p.units) { return; }
  let part = i / p.units;
  let unit = i % p.units;
  let row = part / p.heads;
  let head = row * p.pitch + part % p.heads * p.width;
  if (unit >= p.turned) {
    let still = unit - p.turned;
    let at = head + select(still + 2u * p.turned, still, still < p.first);
    y[at] = ${x}[at];
    return;
  }
  let angle = 2u * ((row % p.length + p.offset) * p.turned + unit);
  let cosine = table[angle];
  let sine = table[angle + 1u] * p.direction;
  let begin = head + p.first;
  if (p.interleaved == 1u) {
    let at = begin + 2u * unit;
    let low = vec4f(${x}[at]);
    let high = vec4f(${x}[at + 1u]);
    let a = vec4f(low.xz, high.xz);
    let b = vec4f(low.yw, high.yw);
    let c = a * cosine - b * sine;
    let d = b * cosine + a * sine;
    y[at] = T4(vec4f(c.x, d.x, c.y, d.y));
    y[at + 1u] = T4(vec4f(c.z, d.z, c.w, d.w));
  } else {
    let at = begin + unit;
    let a = vec4f(${x}[at]);
    let b = vec4f(${x}[at + p.turned]);
    y[at] = T4(a * cosine - b * sine);
    y[at + p.turned] = T4(b * cosine + a * sine);
  }
}
`;
}
