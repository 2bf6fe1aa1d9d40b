/**
 * Parameters of what mixes the tokens of a layer.
 *
 * @module
 */
import { add, always, chosen, type Count } from "./count.ts";
import type { ModelLayer } from "./layers.ts";
import type { AttentionSpec, LinearSpec, Mamba2Spec, MambaSpec, Model } from "./model.ts";

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
  const out = heads * dqk;
  const q = a.outputGate ? 2 * out : out;
  const kv = 2 * kvHeads * dqk;
  const bias = (width: number) => (a.qkvBias ? width : 0);
  const n = a.kind === "experts" ? a.experts : 1;
  const nKv = a.kind === "experts" && a.kv === "expert" ? n : 1;
  const sinks = a.sinks ? heads : 0;
  const queries = always(d * (q + out), bias(q) + (a.outBias ? d : 0) + sinks);
  // Other tokens may choose any expert: its keys and values are there for all.
  const keys = always(nKv * d * kv, nKv * bias(kv));
  return add(chosen(queries, n, expertsUsed(a)), keys);
}

/** Attention experts that a token's output is made of; 1 where there are none. */
export function expertsUsed(a: AttentionSpec): number {
  return a.kind === "experts" ? a.routing?.topK ?? a.experts : 1;
}

/** The soft router of attention experts. */
export function attentionRouterCount(a: AttentionSpec, d: number): Count {
  return always(a.kind === "experts" ? d * a.experts : 0);
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

/** A Mamba-2 layer: projections, convolution, and decay, step size and skip of each head. */
export function mamba2Count(m: Mamba2Spec, d: number): Count {
  const inner = m.heads * m.headDim;
  const vectors = 2 * m.groups * m.stateSize;
  const matmul = d * (2 * inner + vectors + m.heads) + inner * d;
  return always(matmul, (inner + vectors) * (m.convWidth + 1) + 3 * m.heads);
}

/** Widths of all keys (and queries) and of all values of linear attention. */
export function linearWidths(l: LinearSpec): { keys: number; values: number } {
  return { keys: l.keyHeads * l.keyDim, values: l.valueHeads * l.valueDim };
}

/**
 * A layer of linear attention: queries, keys, values and gate, output, convolution; gated-delta
 * projects two numbers of each head besides, and has two parameters of each head.
 */
export function linearCount(l: LinearSpec, d: number): Count {
  const { keys, values } = linearWidths(l);
  const perHead = l.kind === "gated-delta" ? 2 * l.valueHeads : 0;
  const matmul = d * (2 * keys + 2 * values + perHead) + values * d;
  return always(matmul, (2 * keys + values) * l.convWidth + perHead);
}

/** Parameters of a layer's mixer, by part. */
export function mixerParts(
  model: Model,
  { crossAttention, mixer }: ModelLayer,
): Partial<Record<"attention" | "attentionRouter" | "linear" | "mamba", Count>> {
  const { attention, dModel: d, linear, mamba, mamba2 } = model;
  switch (mixer) {
    case "none":
      return {};
    case "linear":
      return { linear: linearCount(linear!, d) };
    case "mamba":
      return { mamba: mambaCount(mamba!, d) };
    case "mamba2":
      return { mamba: mamba2Count(mamba2!, d) };
  }
  const copies = crossAttention ? 2 : 1;
  return {
    attention: chosen(attentionCount(attention, d), copies, copies),
    ...(attention.kind === "experts" && { attentionRouter: attentionRouterCount(attention, d) }),
  };
}

/** Weights of the norms inside a layer's mixer. */
export function innerNorms(model: Model, { mixer }: ModelLayer): number {
  const { attention, linear, mamba, mamba2 } = model;
  switch (mixer) {
    case "none":
      return 0;
    case "linear":
      return linear!.kind === "lightning" ? linearWidths(linear!).values : linear!.valueDim;
    case "mamba":
      return mamba!.innerNorms ? mamba!.dtRank + 2 * mamba!.stateSize : 0;
    case "mamba2":
      return mamba2!.heads * mamba2!.headDim;
  }
  if (attention.kind === "mla") return attention.qRank + attention.kvRank;
  const { heads, kvHeads, dqk } = headShape(attention);
  const copies = attention.kind === "experts" ? attention.experts : 1;
  const width = { none: 0, head: 2 * dqk, width: (heads + kvHeads) * dqk }[attention.qkNorm];
  return copies * width;
}
