/**
 * The shader that follows the logits of one chunk of the vocabulary after another, as a text.
 *
 * @module
 */
import { bindingsText, type RowLanes, rowLanesText, rowMain } from "../norm/rows.ts";
import { growText, hasText } from "../softmax/shaders.ts";

/**
 * Of each row so far: the largest logit, the sum of exponentials below it, and the target's logit
 * (Milakov & Gimelshein, arXiv 1805.02867, section 3). The last chunk makes lse and loss of them.
 */
export function followShader(lanes: RowLanes): string {
  return `
struct Params {
  rows: u32, columns: u32, vectors: u32, first: u32, first_chunk: u32, last_chunk: u32, ignore: u32,
  z: f32
};
${
    bindingsText([
      ["logits", "T4"],
      ["targets", "u32"],
      ["states", "vec4f", "write"],
      ["lse", "f32", "write"],
      ["losses", "f32", "write"],
    ])
  }
${rowLanesText[lanes]}${hasText}${growText}
${rowMain}
  let at = row * p.vectors;
  for (var c = lane; c < p.vectors; c += LANES) { grow(vec4f(logits[at + c]), has(c)); }
  let highest = highest_of(lane);
  let total = total_of(lane, highest);
  if (lane != 0u) { return; }
  var state = vec4f(LOWEST, 0.0, 0.0, 0.0);
  if (p.first_chunk == 0u) { state = states[row]; }
  let most_now = max(state.x, highest);
  state.y = state.y * exp(state.x - most_now) + total * exp(highest - most_now);
  state.x = most_now;
  let target_id = targets[row];
  if (target_id >= p.first && target_id - p.first < p.columns) {
    let j = target_id - p.first;
    state.z = f32(logits[at + j / 4u][j % 4u]);
  }
  states[row] = state;
  if (p.last_chunk == 1u) {
    let l = state.x + log(state.y);
    lse[row] = l;
    losses[row] = select(l - state.z + p.z * l * l, 0.0, target_id == p.ignore);
  }
}
`;
}
