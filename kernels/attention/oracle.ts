/**
 * Attention in f64 on the CPU, forward and backward, with the whole matrix of scores.
 *
 * @module
 */
import type { Scaled } from "../gemm/oracle.ts";
import { blank, type OracleHead, oracleHeads } from "./oracle_rows.ts";
import type { AttentionDims } from "./oracle_rows.ts";

/** Output and log-sum-exp, and what the gradients need of the softmax. */
export interface AttentionOracle {
  /** [T, heads * dv]; the scale of an element is the sum of its absolute terms. */
  o: Scaled;
  /** [heads * T], by head; its scale is 1 and the shares' part of the terms of their scores. */
  lse: Scaled;
}

/** Gradients; scales carry the absolute terms through both sums. */
export interface AttentionGradientOracle {
  /** [T, heads * dqk]. */
  dq: Scaled;
  /** [T, kvHeads * dqk]. */
  dk: Scaled;
  /** [T, kvHeads * dv]. */
  dv: Scaled;
  /** [heads], where there are sinks. */
  dsink: Scaled;
}

/** Inputs as dense arrays. */
export interface AttentionInputs {
  /** Queries. */
  q: ArrayLike<number>;
  /** Keys. */
  k: ArrayLike<number>;
  /** Values. */
  v: ArrayLike<number>;
  /** Sink logits. */
  sink?: ArrayLike<number>;
}

/** Shares of each visible key in a row's softmax, and its log-sum-exp. */
function softmaxRow(
  x: AttentionInputs,
  g: AttentionDims,
  at: OracleHead & { row: number },
): { keys: number[]; shares: number[]; lse: number; size: number } {
  const { row, head, keyHead, base } = at;
  const { causal = true, window = Infinity, scale = 1 / Math.sqrt(g.dqk), kvHeads = g.heads } = g;
  const { past = 0 } = g;
  const end = past + (causal ? row : g.length - 1);
  const keys = Array.from({ length: past + g.length }, (_, j) => j)
    .filter((j) => j <= end && past + row - j < window);
  const scores = keys.map((j) => {
    let [sum, size] = [0, 0];
    for (let d = 0; d < g.dqk; d++) {
      const term = scale * x.q[((base + row) * g.heads + head) * g.dqk + d] *
        x.k[((base + j) * kvHeads + keyHead) * g.dqk + d];
      sum += term;
      size += Math.abs(term);
    }
    return { sum, size };
  });
  const sink = x.sink ? x.sink[head] : -Infinity;
  const top = scores.reduce((most, s) => Math.max(most, s.sum), sink);
  const total = scores.reduce((all, s) => all + Math.exp(s.sum - top), Math.exp(sink - top));
  const lse = top + Math.log(total);
  const shares = scores.map((s) => Math.exp(s.sum - lse));
  const size = scores.reduce((all, s, i) => all + shares[i] * s.size, 1);
  return { keys, shares, lse, size };
}

/**
 * The output of attention and its log-sum-exp.
 *
 * @example
 * ```ts
 * import { attentionOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const x = { q: [0, 0], k: [0, 0], v: [1, 3] };
 * const { o } = attentionOracle(x, { tokens: 2, length: 2, heads: 1, dqk: 1, dv: 1 });
 * assertEquals([...o.values], [1, 2]);
 * ```
 */
export function attentionOracle(x: AttentionInputs, g: AttentionDims): AttentionOracle {
  const { kvHeads = g.heads } = g;
  const o = blank(g.tokens * g.heads * g.dv);
  const lse = blank(g.heads * g.tokens);
  for (const at of oracleHeads(g)) {
    for (let row = 0; row < g.length; row++) {
      const softmax = softmaxRow(x, g, { ...at, row });
      const token = at.base + row;
      lse.values[at.head * g.tokens + token] = softmax.lse;
      lse.scale[at.head * g.tokens + token] = softmax.size;
      softmax.keys.forEach((j, i) => {
        for (let d = 0; d < g.dv; d++) {
          const term = softmax.shares[i] *
            x.v[((at.base + j) * kvHeads + at.keyHead) * g.dv + d];
          const to = (token * g.heads + at.head) * g.dv + d;
          o.values[to] += term;
          o.scale[to] += Math.abs(term);
        }
      });
    }
  }
  return { o, lse };
}

/**
 * The gradients of attention, from `grad`, the gradient of its output.
 *
 * @example The one key that a row sees takes all of its gradient
 * ```ts
 * import { attentionBackwardOracle } from "@moelab/moelab/kernels";
 * import { assertEquals } from "@std/assert";
 *
 * const x = { q: [5], k: [6], v: [7], grad: [8] };
 * const { dq, dv } = attentionBackwardOracle(x, { tokens: 1, length: 1, heads: 1, dqk: 1, dv: 1 });
 * assertEquals([dq.values[0], dv.values[0]], [0, 8]);
 * ```
 */
export function attentionBackwardOracle(
  x: AttentionInputs & { grad: ArrayLike<number> },
  g: AttentionDims,
): AttentionGradientOracle {
  const { kvHeads = g.heads, scale = 1 / Math.sqrt(g.dqk) } = g;
  const dq = blank(g.tokens * g.heads * g.dqk);
  const dk = blank(g.tokens * kvHeads * g.dqk);
  const dv = blank(g.tokens * kvHeads * g.dv);
  const dsink = blank(g.heads);
  const add = (to: Scaled, i: number, [value, size]: readonly [number, number]) => {
    to.values[i] += value;
    to.scale[i] += size;
  };
  for (const at of oracleHeads(g)) {
    for (let row = 0; row < g.length; row++) {
      const { keys, shares, lse } = softmaxRow(x, g, { ...at, row });
      const own = (at.base + row) * g.heads + at.head;
      const other = (j: number) => (at.base + j) * kvHeads + at.keyHead;
      // What a share gains by growing, and the part of it that all shares of the row have in common.
      const gains = keys.map((j) => {
        let [value, size] = [0, 0];
        for (let d = 0; d < g.dv; d++) {
          const term = x.grad[own * g.dv + d] * x.v[other(j) * g.dv + d];
          value += term;
          size += Math.abs(term);
        }
        return { value, size };
      });
      const common = gains.reduce((sum, { value }, i) => sum + shares[i] * value, 0);
      const size = gains.reduce((sum, gain, i) => sum + shares[i] * gain.size, 0);
      keys.forEach((j, i) => {
        const slope = scale * shares[i] * (gains[i].value - common);
        const slopeSize = scale * shares[i] * (gains[i].size + size);
        for (let d = 0; d < g.dqk; d++) {
          const [a, b] = [own * g.dqk + d, other(j) * g.dqk + d];
          add(dq, a, [slope * x.k[b], slopeSize * Math.abs(x.k[b])]);
          add(dk, b, [slope * x.q[a], slopeSize * Math.abs(x.q[a])]);
        }
        for (let d = 0; d < g.dv; d++) {
          const term = shares[i] * x.grad[own * g.dv + d];
          add(dv, other(j) * g.dv + d, [term, Math.abs(term)]);
        }
      });
      if (x.sink) {
        const share = Math.exp(x.sink[at.head] - lse);
        add(dsink, at.head, [-share * common, share * size]);
      }
    }
  }
  return { dq, dk, dv, dsink };
}
