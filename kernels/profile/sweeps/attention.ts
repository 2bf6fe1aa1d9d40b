/**
 * Sweeps of attention and of rotary positions, heads 64 wide.
 *
 * @module
 */
import { attention } from "../../attention/attention.ts";
import { attentionBackward } from "../../attention/backward.ts";
import { rope } from "../../rope/rope.ts";
import { ropeTable } from "../../rope/table.ts";
import { fresh, keeper, staged, type Sweep } from "../sweep.ts";

const WIDTH = 64;
const fixed = { dqk: WIDTH, dv: WIDTH };

/** Queries, keys and values were just written by products. */
const heads = ["q", "k", "v"] as const;

const sweep = (backwards: boolean) => (): Sweep => ({
  kind: backwards ? "attention_backward" : "attention",
  axes: { t: [256, 1024], s: [64, 256], heads: [1, 4] },
  quantum: {},
  fixed,
  prepare: staged(({ fill }) => (recorder, { t, s, heads: count }, label) => {
    const shape = [t, count * WIDTH];
    const options = { length: s, heads: count, label };
    const [q, k, v] = heads.map((name) => fresh(fill(shape, name)));
    if (!backwards) return Object.values(attention(recorder, { q, k, v }, options));
    const [o, grad] = [fill(shape, "o"), fresh(fill(shape, "grad"))];
    // Keys and values are mirrored since the forward pass, where mirrors are read.
    k.slot.mirrored = v.slot.mirrored = k.slot.mirror !== undefined;
    const all = { q, k, v, o, lse: fill([count * t], "lse"), grad };
    const { dq, dk, dv } = attentionBackward(recorder, all, options);
    return [dq, dk, dv];
  }),
});

/** Scores, softmax and values. */
export const attentionSweep: () => Sweep = sweep(false);
/** The gradients of queries, keys and values. */
export const attentionBackwardSweep: () => Sweep = sweep(true);

/** Rotary positions, in place. */
export function ropeSweep(): Sweep {
  const columns = 4 * WIDTH;
  return {
    kind: "rope",
    axes: { n: [2 ** 12, 2 ** 16, 2 ** 20] },
    quantum: {},
    fixed: {},
    prepare: staged(({ inputs, fill, pool }) => {
      const table = keeper(inputs)(
        "table",
        () => ropeTable(pool, { positions: 256, rotary: WIDTH }),
      );
      return (recorder, { n }, label) => {
        const rows = n / columns;
        const length = Math.min(rows, 256);
        const options = { table, heads: columns / WIDTH, length, inPlace: true, label };
        rope(recorder, fill([rows, columns]), options);
        return [];
      };
    }),
  };
}
