/**
 * Attention and Mamba layers as operators.
 *
 * The attention op counts the causal half of its `s`; full attention over `s` tokens, as in an
 * encoder or across to one, is written with twice the length.
 *
 * @module
 */
import { type AnyOp, type DType, op } from "../../kernels/base/op.ts";
import type { ModelLayer } from "./layers.ts";
import { headShape } from "./mixer_counts.ts";
import type {
  AttentionSpec,
  ExpertAttention,
  GqaAttention,
  MambaSpec,
  MhaAttention,
  MlaAttention,
  Model,
} from "./model.ts";

/** What the lowering of a mixer depends on beside its sizes. */
export interface MixerContext {
  /** Model width. */
  dModel: number;
  /** Tokens. */
  tokens: number;
  /** Tokens of a sequence. */
  sequence: number;
  /** Storage type. */
  dtype?: DType;
}

type Gemm = (name: string, k: number, n: number) => AnyOp;

const gemms = ({ tokens: m, dtype }: MixerContext): Gemm => (name, k, n) =>
  op("gemm", { m, n, k }, { dtype, name });

function lowerMla(a: MlaAttention, core: AnyOp, at: MixerContext): AnyOp[] {
  const { dModel: d, tokens: t, dtype } = at;
  const gemm = gemms(at);
  const q = a.heads * (a.nopeDim + a.ropeDim);
  const norm = (name: string, width: number) => op("norm", { t, d: width }, { dtype, name });
  const query = a.qRank > 0
    ? [
      gemm("query down", d, a.qRank),
      norm("query norm", a.qRank),
      gemm("query up", a.qRank, q),
    ]
    : [gemm("query", d, q)];
  return [
    ...query,
    gemm("key and value down", d, a.kvRank + a.ropeDim),
    norm("key and value norm", a.kvRank),
    gemm("key and value up", a.kvRank, a.heads * (a.nopeDim + a.valueDim)),
    ...rotary(t * (a.heads + 1) * a.ropeDim, dtype),
    core,
    gemm("attention out", a.heads * a.valueDim, d),
  ];
}

const rotary = (n: number, dtype?: DType) =>
  n > 0 ? [op("rope", { n }, { dtype, name: "rope" })] : [];

/** Queries, keys or values: a product, and norm and turn of its heads where they have them. */
function lowerProjection(
  name: string,
  width: number,
  options: { at: MixerContext; normed: boolean; turned: boolean },
): AnyOp[] {
  const { at: { dModel: d, tokens: t, dtype }, normed, turned } = options;
  return [
    op("gemm", { m: t, n: width, k: d }, { dtype, name }),
    ...(normed ? [op("norm", { t, d: width }, { dtype, name: `${name} norm` })] : []),
    ...(turned ? rotary(t * width, dtype) : []),
  ];
}

function lowerHeads(
  a: MhaAttention | GqaAttention | ExpertAttention,
  core: AnyOp,
  at: MixerContext,
): AnyOp[] {
  const { dModel: d, tokens: t, dtype } = at;
  const gemm = gemms(at);
  const { heads, kvHeads, dqk } = headShape(a);
  const n = a.kind === "experts" ? a.experts : 1;
  const nKv = a.kind === "experts" && a.kv === "expert" ? n : 1;
  const q = n * heads * dqk;
  const kv = nKv * kvHeads * dqk;
  const soft = a.kind !== "experts" ? [] : [
    gemm("attention router", d, n),
    op("elementwise", { n: t * n, reads: 1 }, { dtype, name: "attention gate" }),
  ];
  const weigh = op("elementwise", { n: t * q, reads: 2 }, { dtype, name: "weigh experts" });
  const placed = { at, normed: a.qkNorm !== "none", turned: true };
  return [
    ...soft,
    ...lowerProjection("attention q", q, placed),
    ...lowerProjection("attention k", kv, placed),
    ...lowerProjection("attention v", kv, { at, normed: false, turned: false }),
    core,
    // Heads scaled by their expert's gate: one product then sums over the experts.
    ...(a.kind === "experts" ? [weigh] : []),
    gemm("attention out", q, d),
  ];
}

/**
 * Attention as ops: projections, core and output. `full` attends both ways. Attention experts are all
 * computed, also where a token goes to its best alone.
 */
export function lowerAttention(
  a: AttentionSpec,
  at: MixerContext,
  options: { full?: boolean } = {},
): AnyOp[] {
  const { tokens: t, sequence, dtype } = at;
  const { heads, dqk, dv } = headShape(a);
  const copies = a.kind === "experts" ? a.experts : 1;
  const s = options.full ? 2 * sequence : sequence;
  const core = op("attention", { t, s, heads: copies * heads, dqk, dv }, {
    dtype,
    name: options.full ? "attention, both ways" : "attention",
  });
  return a.kind === "mla" ? lowerMla(a, core, at) : lowerHeads(a, core, at);
}

/** A Mamba layer as ops: projections, convolution, scan and output. */
export function lowerMamba(mamba: MambaSpec, at: MixerContext): AnyOp[] {
  const { dModel: d, tokens: t, dtype } = at;
  const gemm = gemms(at);
  const inner = mamba.expand * d;
  const small = mamba.dtRank + 2 * mamba.stateSize;
  const pass = (name: string, n: number, reads: number) =>
    op("elementwise", { n, reads }, { dtype, name });
  return [
    gemm("mamba in", d, 2 * inner),
    pass("mamba convolution", t * inner, mamba.convWidth),
    gemm("mamba selection", inner, small),
    ...(mamba.innerNorms ? [op("norm", { t, d: small }, { dtype, name: "mamba norms" })] : []),
    gemm("mamba step", mamba.dtRank, inner),
    pass("mamba scan", t * inner * mamba.stateSize, 4),
    pass("mamba gate", t * inner, 2),
    gemm("mamba out", inner, d),
  ];
}

/** What mixes the tokens of a layer: Mamba, or attention to its own tokens and to the encoder's. */
export function lowerMixers(model: Model, layer: ModelLayer, at: MixerContext): AnyOp[] {
  if (layer.mixer === "mamba") return lowerMamba(model.mamba!, at);
  const self = lowerAttention(model.attention, at, { full: layer.stack === "encoder" });
  const cross = layer.crossAttention ? lowerAttention(model.attention, at, { full: true }) : [];
  return [...self, ...cross];
}
