/**
 * Names and shapes of all weights of a small model, as `core/checkpoints/model_tensors.ts` has them.
 *
 * @module
 */
import type { ModelTensor } from "../../../../core/checkpoints/model_tensors.ts";
import { layersOf, type ModelLayer } from "../../../../core/spec/layers.ts";
import type { Model } from "../../../../core/spec/model.ts";

type Shapes = Record<string, readonly number[]>;

function attentionShapes({ attention: a, dModel: d }: Model): Shapes {
  if (a.kind === "experts") throw new RangeError("No released model has attention experts");
  if (a.kind === "mla") {
    const query = a.heads * (a.nopeDim + a.ropeDim);
    return {
      ...(a.qRank === 0 ? { q: [d, query] } : {
        qDown: [d, a.qRank],
        qDownNorm: [a.qRank],
        qUp: [a.qRank, query],
      }),
      kvDown: [d, a.kvRank + a.ropeDim],
      kvDownNorm: [a.kvRank],
      kvUp: [a.kvRank, a.heads * (a.nopeDim + a.valueDim)],
      out: [a.heads * a.valueDim, d],
    };
  }
  const q = a.heads * a.headDim;
  const kv = a.kind === "gqa" ? a.kvHeads * a.headDim : q;
  const norm = (width: number) => [a.qkNorm === "head" ? a.headDim : width];
  return {
    ...{ q: [d, q], k: [d, kv], v: [d, kv], out: [q, d] },
    ...(a.qkvBias && { "q.bias": [q], "k.bias": [kv], "v.bias": [kv] }),
    ...(a.outBias && { "out.bias": [d] }),
    ...(a.qkNorm !== "none" && { qNorm: norm(q), kNorm: norm(kv) }),
    ...(a.sinks && { sinks: [a.heads] }),
  };
}

function expertShapes({ moe, dModel: d }: Model, balanced: boolean): Shapes {
  if (!moe) throw new RangeError("A layer has experts that the model does not describe");
  const { experts: e, width: f, shared } = moe;
  const side = shared ? shared.count * shared.width : 0;
  return {
    router: [d, e],
    ...(moe.router.bias && { [balanced ? "balance" : "router.bias"]: [e] }),
    ...{ up: [e, 2, d, f], down: [e, f, d] },
    ...(moe.bias && { "up.bias": [e, 2, f], "down.bias": [e, d] }),
    ...(side > 0 && { sharedUp: [2, d, side], sharedDown: [side, d] }),
    ...(moe.sharedGate && { sharedGate: [d, 1] }),
  };
}

function networkShapes(model: Model, { network }: ModelLayer, balanced: boolean): Shapes {
  const { dModel: d, ffn } = model;
  if (network === "experts") return expertShapes(model, balanced);
  return { up: [2, d, ffn!.width], down: [ffn!.width, d] };
}

/**
 * All weights of a model in the order of the forward pass.
 *
 * @param balanced Whether the bias of a router is of the choice alone (DeepSeek-V3).
 */
export function tensorShapes(model: Model, { balanced }: { balanced: boolean }): ModelTensor[] {
  const { dModel: d, embedding } = model;
  const named = (prefix: string, shapes: Shapes) =>
    Object.entries(shapes).map(([name, shape]) => ({ name: `${prefix}.${name}`, shape }));
  const layers = layersOf(model).flatMap((layer) => [
    ...named(`layers.${layer.index}.attention`, { norm: [d], ...attentionShapes(model) }),
    ...named(`layers.${layer.index}.${layer.network === "experts" ? "moe" : "ffn"}`, {
      norm: [d],
      ...networkShapes(model, layer, balanced),
    }),
  ]);
  return [
    { name: "embedding", shape: [embedding.vocab, d] },
    ...layers,
    { name: "norm", shape: [d] },
    ...(embedding.tied ? [] : [{ name: "head", shape: [embedding.vocab, d] }]),
  ];
}
