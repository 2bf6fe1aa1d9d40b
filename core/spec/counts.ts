/**
 * Parameters of the parts of one layer. Each part says all of them and those that a token uses.
 *
 * @module
 */
import { isGated } from "./activation.ts";
import type { ModelLayer } from "./layers.ts";
import type { AttentionSpec, FfnSpec, MambaSpec, Model, RouterSpec } from "./model.ts";

/** Parameters of a part. */
export interface Count {
  /** All of them. */
  total: number;
  /** Those that one token uses. */
  active: number;
  /** Those of `active` that a token is multiplied with in a matrix product. */
  matmul: number;
}

/** A part that every token uses: `matmul` weights of products, and `other` parameters. */
export function always(matmul: number, other = 0): Count {
  return { total: matmul + other, active: matmul + other, matmul };
}

/** A part of which a token uses `k` of `n` equal pieces. */
export function chosen(piece: Count, n: number, k: number): Count {
  return { total: n * piece.total, active: k * piece.active, matmul: k * piece.matmul };
}

/** Head counts and widths of an attention kind; one expert's, for attention experts. */
export function headShape(a: AttentionSpec): {
  heads: number;
  kvHeads: number;
  dqk: number;
  dv: number;
} {
  if (a.kind === "mla") {
    return { heads: a.heads, kvHeads: a.heads, dqk: a.nopeDim + a.ropeDim, dv: a.valueDim };
  }
  const kvHeads = a.kind === "mha" ? a.heads : a.kvHeads;
  return { heads: a.heads, kvHeads, dqk: a.headDim, dv: a.headDim };
}

/** Projections of self-attention (and of cross-attention, which has the same shape). */
export function attentionCount(a: AttentionSpec, d: number): Count {
  if (a.kind === "mla") {
    const q = a.heads * (a.nopeDim + a.ropeDim);
    const query = a.qRank > 0 ? d * a.qRank + a.qRank * q : d * q;
    const keyValue = d * (a.kvRank + a.ropeDim) + a.kvRank * a.heads * (a.nopeDim + a.valueDim);
    return always(query + keyValue + a.heads * a.valueDim * d);
  }
  const { heads, kvHeads, dqk } = headShape(a);
  const q = heads * dqk;
  const kv = 2 * kvHeads * dqk;
  const bias = (width: number) => (a.qkvBias ? width : 0);
  const n = a.kind === "experts" ? a.experts : 1;
  const nKv = a.kind === "experts" && a.kv === "expert" ? n : 1;
  return always(
    n * 2 * d * q + nKv * d * kv,
    n * (bias(q) + (a.outBias ? d : 0)) + nKv * bias(kv),
  );
}

/** The soft router of attention experts. */
export function attentionRouterCount(a: AttentionSpec, d: number): Count {
  return always(a.kind === "experts" ? d * a.experts : 0);
}

/** A dense feed-forward network, or one expert. */
export function ffnCount(ffn: FfnSpec, d: number): Count {
  const into = isGated(ffn.activation) ? 2 : 1;
  return always((into + 1) * d * ffn.width, ffn.bias ? into * ffn.width + d : 0);
}

/** A router over `e` experts. */
export function routerCount(router: RouterSpec, d: number, e: number): Count {
  const weights = { linear: d * e, mlp: d * e + e * e, attention: 3 * d * e }[router.kind];
  return always(weights, router.bias ? e : 0);
}

/** A Mamba layer: projections, convolution, step size, state matrix and skip. */
export function mambaCount(m: MambaSpec, d: number): Count {
  const inner = m.expand * d;
  const matmul = d * 2 * inner + inner * (m.dtRank + 2 * m.stateSize) + m.dtRank * inner +
    inner * d;
  const convolution = inner * m.convWidth + inner;
  const step = inner;
  const state = inner * m.stateSize + inner;
  return always(matmul, convolution + step + state);
}

/** Norms of one layer, those inside attention and Mamba included. */
export function normCount(model: Model, layer: ModelLayer): Count {
  const { attention: a, mamba, norm, dModel } = model;
  const each = norm.bias ? 2 : 1;
  const outer = (norm.perLayer + (layer.crossAttention ? 1 : 0)) * dModel * each;
  return always(0, outer + innerNorms(layer.mixer === "mamba" ? mamba! : a) * each);
}

function innerNorms(mixer: AttentionSpec | MambaSpec): number {
  if (!("kind" in mixer)) return mixer.innerNorms ? mixer.dtRank + 2 * mixer.stateSize : 0;
  if (mixer.kind === "mla") return mixer.qRank + mixer.kvRank;
  const { heads, kvHeads, dqk } = headShape(mixer);
  const copies = mixer.kind === "experts" ? mixer.experts : 1;
  const width = { none: 0, head: 2 * dqk, width: (heads + kvHeads) * dqk }[mixer.qkNorm];
  return copies * width;
}
