/** The forward pass of models in f64, expert by expert, from the oracles of the operators. */
import { activationOracles, gemmOracle } from "../../../kernels/gemm/oracle.ts";
import { attentionOracle } from "../../../kernels/attention/oracle.ts";
import { normOracle } from "../../../kernels/norm/oracle.ts";
import { ropeOracle } from "../../../kernels/rope/oracle.ts";
import { activationChoice } from "../../../core/nn/activations.ts";
import { layersOf, type ModelLayer } from "../../../core/spec/layers.ts";
import type { ExpertAttention, FfnSpec, GqaAttention, Model } from "../../../core/spec/model.ts";
import { expertParts, expertSum, routerWeights } from "./experts_oracle.ts";

type Numbers = ArrayLike<number>;

const sum = (...terms: Numbers[]) =>
  Float64Array.from({ length: terms[0].length }, (_, i) => terms.reduce((s, t) => s + t[i], 0));

/** Loss of each token of a model, with weights by name. */
export function modelOracle(
  batch: { ids: Uint32Array; targets: Uint32Array; length: number },
  options: { model: Model; weights: Record<string, Numbers>; causal: boolean },
): Float64Array {
  const { model, weights: w, causal } = options;
  const { dModel: d, norm: { kind, final } } = model;
  const { heads, headDim, kvHeads = heads } = model.attention as GqaAttention;
  const { ids, targets, length } = batch;
  const t = ids.length;
  const product = (x: Numbers, name: string, n: number, bias?: Numbers) =>
    gemmOracle(x, w[name], { m: t, n, k: x.length / t, bias }).values;
  const normed = (x: Numbers, name: string) => {
    const of = { kind: kind === "layernorm" ? "layer" : "rms", gamma: w[name] } as const;
    return normOracle(x, { ...of, t, d, beta: w[`${name}.beta`] }).y.values;
  };
  const plainAttention = (
    a: Numbers,
    { at, w, window }: { at: string; w: Record<string, Numbers>; window?: number },
  ) => {
    const product = (x: Numbers, name: string, n: number, bias?: Numbers) =>
      gemmOracle(x, w[name], { m: t, n, k: x.length / t, bias }).values;
    const project = (name: string, count: number) => {
      const y = product(a, `${at}${name}`, count * headDim, w[`${at}${name}.bias`]);
      if (name === "v" || model.embedding.positions.kind !== "rope") return y;
      const turn = { rotary: headDim, heads: count, length, rows: t, width: headDim };
      return ropeOracle(y, turn).values;
    };
    const qkv = { q: project("q", heads), k: project("k", kvHeads), v: project("v", kvHeads) };
    const { o } = attentionOracle({ ...qkv, sink: w[`${at}sinks`] }, {
      ...{ tokens: t, length, heads, kvHeads, dqk: headDim, dv: headDim, causal, window },
    });
    return product(o.values, `${at}out`, d, w[`${at}out.bias`]);
  };
  const attention = (a: Numbers, at: string, window: number | undefined) => {
    if (model.attention.kind !== "experts") return plainAttention(a, { at, w, window });
    const own = model.attention as ExpertAttention;
    const logits = product(a, `${at}router`, own.experts);
    const { topK = own.experts, over = "all" } = own.routing ?? {};
    const shares = routerWeights(logits, { experts: own.experts, topK, over });
    const parts = expertParts(own, { at, w, d });
    return expertSum(parts.map((w) => plainAttention(a, { at, w })), shares);
  };
  const network = (
    x: Numbers,
    { up, down, of }: { up: Numbers; down: Numbers; of: Pick<FfnSpec, "width" | "activation"> },
  ) => {
    const { width: f, activation } = of;
    const { kind, gated } = activationChoice(activation);
    const plane = (i: number) =>
      gemmOracle(x, Array.from(up).slice(i * d * f, (i + 1) * d * f), { m: t, n: f, k: d }).values;
    const act = plane(0).map(activationOracles[kind]);
    const second = gated ? plane(1) : undefined;
    const h = second ? act.map((v, i) => v * second[i]) : act;
    return gemmOracle(h, down, { m: t, n: d, k: f }).values;
  };
  /** A dense network, or the best experts, their weights summing to 1. */
  const networks = (x: Numbers, layer: ModelLayer) => {
    const at = `layers.${layer.index}.`;
    if (layer.network === "dense") {
      return network(x, { up: w[`${at}ffn.up`], down: w[`${at}ffn.down`], of: model.ffn! });
    }
    const { experts, topK } = model.moe!;
    const logits = product(x, `${at}moe.router`, experts);
    const piece = (name: string, e: number) => {
      const bank = Array.from(w[`${at}moe.${name}`]);
      return bank.slice(e * bank.length / experts, (e + 1) * bank.length / experts);
    };
    const outputs = Array.from(
      { length: experts },
      (_, e) => network(x, { up: piece("up", e), down: piece("down", e), of: model.moe! }),
    );
    return expertSum(outputs, routerWeights(logits, { experts, topK, over: "chosen" }));
  };

  const { embedding, positions } = w;
  let x: Float64Array = Float64Array.from(
    { length: t * d },
    (_, i) =>
      embedding[ids[Math.floor(i / d)] * d + i % d] +
      (positions?.[Math.floor(i / d) % length * d + i % d] ?? 0),
  );
  for (const layer of layersOf(model)) {
    const { index, window, network } = layer;
    const at = `layers.${index}.`;
    const second = `${at}${network === "dense" ? "ffn" : "moe"}.norm`;
    const a = normed(x, `${at}attention.norm`);
    const middle = sum(x, attention(a, `${at}attention.`, window));
    if (model.block === "serial") {
      x = sum(middle, networks(normed(middle, second), layer));
      continue;
    }
    const b = model.norm.perLayer === 2 ? normed(x, second) : a;
    x = sum(middle, networks(b, layer));
  }
  const y = final ? normed(x, "norm") : x;
  const head = model.embedding.tied ? embedding : w.head;
  const vocabulary = model.embedding.vocab;
  const logits = gemmOracle(y, head, { m: t, n: vocabulary, k: d, transposeB: true }).values;
  return Float64Array.from({ length: t }, (_, i) => {
    if (targets[i] === 0xffffffff) return 0;
    const row = logits.subarray(i * vocabulary, (i + 1) * vocabulary);
    const total = row.reduce((s, v) => s + Math.exp(v), 0);
    return Math.log(total) - row[targets[i]];
  });
}
