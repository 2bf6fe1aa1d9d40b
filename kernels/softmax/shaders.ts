/**
 * The shaders of the softmax, as texts. The largest number of a row and the sum of exponentials
 * below it are made in one pass (Milakov & Gimelshein, arXiv 1805.02867, section 3).
 *
 * @module
 */
import { bindingsText, keepText, type RowLanes, rowLanesText, rowMain } from "../norm/rows.ts";

const params = "struct Params { rows: u32, columns: u32, vectors: u32 };";

/**
 * WGSL: `grow(v, kept)` takes four numbers of a row, `highest_of(lane)` and then
 * `total_of(lane, highest)` give the row's largest number and the sum of exp(number - largest).
 */
export const growText = `
const LOWEST = -3.4028234e38;
var<private> most = vec4f(LOWEST);
var<private> sums = vec4f();
fn grow(v: vec4f, kept: vec4<bool>) {
  let x = select(most, v, kept);
  let e = select(vec4f(), exp(-abs(x - most)), kept);
  sums = select(sums + e, fma(sums, e, vec4f(1.0)), x > most);
  most = max(most, x);
}
fn highest_of(lane: u32) -> f32 {
  return row_max(max(max(most.x, most.y), max(most.z, most.w)), lane);
}
fn total_of(lane: u32, highest: f32) -> f32 {
  return row_sum(dot(sums, exp(most - highest)), lane);
}`;

/** WGSL: `has(c)`, which of the four columns from 4 c on are columns of the matrix. */
export const hasText = `
fn has(c: u32) -> vec4<bool> {
  return vec4u(4u * c) + vec4u(0u, 1u, 2u, 3u) < vec4u(p.columns);
}`;

/** Log-sum-exp of each row and, where it is wanted, the softmax. */
export function softmaxShader(lanes: RowLanes, y: boolean): string {
  return `${params}
${
    bindingsText([
      ["x", "T4"],
      ["lse", "f32", "write"],
      ...y ? [["y", "T4", "write"] as const] : [],
    ])
  }
${rowLanesText[lanes]}${hasText}${growText}
${rowMain}
  let at = row * p.vectors;
  for (var c = lane; c < p.vectors; c += LANES) { grow(vec4f(x[at + c]), has(c)); }
  let highest = highest_of(lane);
  let total = total_of(lane, highest);
  if (lane == 0u) { lse[row] = highest + log(total); }${
    y
      ? `
  for (var c = lane; c < p.vectors; c += LANES) {
    y[at + c] = T4(select(vec4f(), exp(vec4f(x[at + c]) - highest) / total, has(c)));
  }`
      : ""
  }
}
`;
}

/** dx = y * (dy - sum(dy * y)). */
export function softmaxBackwardShader(lanes: RowLanes): string {
  return `${params}
${bindingsText([["dy", "T4"], ["y", "T4"], ["dx", "T4", "write"]])}
${rowLanesText[lanes]}
${rowMain}
  let at = row * p.vectors;
  var along = vec4f();
  for (var c = lane; c < p.vectors; c += LANES) {
    along = fma(vec4f(dy[at + c]), vec4f(y[at + c]), along);
  }
  let level = row_sum(dot(along, vec4f(1.0)), lane);
  for (var c = lane; c < p.vectors; c += LANES) {
    dx[at + c] = T4(vec4f(y[at + c]) * (vec4f(dy[at + c]) - level));
  }
}
`;
}

/** dx = dlse * exp(x - lse). */
export function logSumExpBackwardShader(lanes: RowLanes): string {
  return `${params}
${bindingsText([["dlse", "f32"], ["x", "T4"], ["lse", "f32"], ["dx", "T4", "write"]])}
${rowLanesText[lanes]}${keepText}
${rowMain}
  let at = row * p.vectors;
  for (var c = lane; c < p.vectors; c += LANES) {
    dx[at + c] = T4(keep(dlse[row] * exp(vec4f(x[at + c]) - lse[row]), c));
  }
}
`;
}
