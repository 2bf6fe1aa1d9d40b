/**
 * WGSL that finds the k largest of what one lane is shown, ties to what came first.
 *
 * The k best so far are kept sorted: what comes next goes to its place among them, and all behind it
 * move on by one, equal ones too. There is no branch and no memory in that, so lanes never wait for each other. Keys
 * are integers in the order of the floats: a NaN is then just the smallest number, and every order
 * is total, whatever a driver assumes about floats.
 *
 * @module
 */

/** Most that one pass over the numbers finds; a larger k takes several passes. */
export const MOST_IN_A_PASS = 8;

/** WGSL: `sortable(v)`, unsigned integers, 1 or more, in the order of four floats. */
export const sortableText = `
fn sortable(v: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(v);
  let b = select(bits, vec4u(), bits == vec4u(0x80000000u)); // -0 is 0
  let ordered = select(~b, b | vec4u(0x80000000u), b < vec4u(0x80000000u));
  return select(ordered, vec4u(1u), (b & vec4u(0x7fffffffu)) > vec4u(0x7f800000u));
}`;

/**
 * WGSL: `NAME_take(id, key)` for the keys in the order of their ids; then the best are
 * `NAME_ids[0 .. k)`. `NAME_next()` starts another pass, which skips what was found before.
 */
export function topKText(name: string, k: number): string {
  const n = Math.min(k, MOST_IN_A_PASS);
  const again = k > n;
  return `
var<private> ${name}_keys: array<u32, ${n}>;
var<private> ${name}_ids: array<u32, ${n}>;${
    again
      ? `
var<private> ${name}_last_key = 0xffffffffu;
var<private> ${name}_last_id = 0xffffffffu;
fn ${name}_next() {
  ${name}_last_key = ${name}_keys[${n - 1}];
  ${name}_last_id = ${name}_ids[${n - 1}];
  for (var j = 0u; j < ${n}u; j++) { ${name}_keys[j] = 0u; }
}`
      : ""
  }
fn ${name}_take(new_id: u32, new_key: u32) {
  var key = new_key;
  var id = new_id;${
    again
      ? `
  let later = key == ${name}_last_key && id > ${name}_last_id;
  key = select(0u, key, key < ${name}_last_key || later);`
      : ""
  }
  var moving = false;
  for (var j = 0u; j < ${n}u; j++) {
    let held_key = ${name}_keys[j];
    let held_id = ${name}_ids[j];
    moving = moving || key > held_key;
    ${name}_keys[j] = select(held_key, key, moving);
    ${name}_ids[j] = select(held_id, id, moving);
    key = select(key, held_key, moving);
    id = select(id, held_id, moving);
  }
}`;
}
