/**
 * The tensors of a model as its forward pass takes them: names and shapes, whoever made the file.
 *
 * Outside the layers: `embedding` [V, D], `norm` [D], `head` [V, D] (absent where tied). A norm of the
 * model's width may have a bias beside it, such as `norm.beta` [D]. In layer l, under `layers.l.`:
 *
 *     attention.norm                         [D]
 *     attention.q, .k, .v                    [D, heads * width]      columns by head
 *     attention.q.bias, .k.bias, .v.bias     [heads * width]
 *     attention.out, attention.out.bias      [heads * width, D], [D]
 *     attention.qNorm, attention.kNorm       [width] or [heads * width]
 *     attention.sinks                        [heads]
 *     attention.router                       [D, N]                  of attention experts
 *     attention.qDown, .qDownNorm, .qUp      [D, qRank], [qRank], [qRank, heads * (nope + rope)]     latent
 *     attention.kvDown, .kvDownNorm, .kvUp   [D, kvRank + rope], [kvRank], [kvRank, heads * (nope + value)]
 *     ffn.norm or moe.norm                   [D]                     none where both branches read one norm
 *     ffn.up, ffn.down                       [2, D, F], [F, D]       planes gate, then up
 *     moe.router, moe.router.bias            [D, E], [E]             bias of the logits (gpt-oss)
 *     moe.balance                            [E]                     bias of the choice alone (DeepSeek-V3)
 *     moe.up, moe.down                       [E, 2, D, F], [E, F, D]
 *     moe.up.bias, moe.down.bias             [E, 2, F], [E, D]
 *     moe.sharedUp, moe.sharedDown           [2, D, S], [S, D]       all shared experts side by side
 *     moe.sharedGate                         [D, 1]
 *
 * Products read [inputs, outputs]; files mostly hold the transpose. Heads of attention experts are those
 * of all of them, in the order of `expertHeads`, and `attention.out.bias` is [N, D].
 *
 * @module
 */
import { headCounts } from "../nn/attention_experts.ts";
import { sharesNorm } from "../nn/parameters.ts";
import { layersOf, type ModelLayer } from "../spec/layers.ts";
import { headShape } from "../spec/mixer_counts.ts";
import type { AttentionSpec, MlaAttention, Model, MoeSpec } from "../spec/model.ts";
import { checkRunnable } from "./runnable.ts";
import type { RunSettings } from "./run_settings.ts";

/** One tensor of a model. */
export interface ModelTensor {
  /** Its name; see the module. */
  name: string;
  /** Its dimensions, outermost first. */
  shape: readonly number[];
}

/** The name of a tensor where the model was trained with a gate, to which the router then belongs. */
export const gateName = (name: string): string => name.replace(/\.moe\.router$/, ".gate.router");

type Shapes = Record<string, readonly number[]>;

function latentShapes(a: MlaAttention, d: number): Shapes {
  const queries = a.heads * (a.nopeDim + a.ropeDim);
  const query: Shapes = a.qRank === 0 ? { q: [d, queries] } : {
    qDown: [d, a.qRank],
    qDownNorm: [a.qRank],
    qUp: [a.qRank, queries],
  };
  return {
    ...query,
    kvDown: [d, a.kvRank + a.ropeDim],
    kvDownNorm: [a.kvRank],
    kvUp: [a.kvRank, a.heads * (a.nopeDim + a.valueDim)],
    out: [a.heads * a.valueDim, d],
  };
}

function headShapes(a: Exclude<AttentionSpec, MlaAttention>, d: number): Shapes {
  const { dqk } = headShape(a);
  const { heads, kvHeads } = headCounts(a);
  const [q, kv] = [heads * dqk, kvHeads * dqk];
  const experts = a.kind === "experts" ? a.experts : undefined;
  const norms: Record<typeof a.qkNorm, Shapes> = {
    none: {},
    head: { qNorm: [dqk], kNorm: [dqk] },
    width: { qNorm: [q], kNorm: [kv] },
  };
  return {
    ...(experts && { router: [d, experts] }),
    q: [d, q],
    k: [d, kv],
    v: [d, kv],
    ...(a.qkvBias && { "q.bias": [q], "k.bias": [kv], "v.bias": [kv] }),
    ...norms[a.qkNorm],
    ...(a.sinks && { sinks: [heads] }),
    out: [q, d],
    ...(a.outBias && { "out.bias": experts ? [experts, d] : [d] }),
  };
}

function expertShapes(
  moe: MoeSpec,
  sizes: { d: number; e: number; choice: boolean; normed: Shapes },
): Shapes {
  const { d, e, choice, normed } = sizes;
  const { width: f, shared } = moe;
  const s = shared ? shared.count * shared.width : 0;
  const bias: Shapes = choice ? { balance: [e] } : { "router.bias": [e] };
  return {
    ...normed,
    router: [d, e],
    ...(moe.router.bias && bias),
    up: [e, 2, d, f],
    ...(moe.bias && { "up.bias": [e, 2, f] }),
    down: [e, f, d],
    ...(moe.bias && { "down.bias": [e, d] }),
    ...(s > 0 && { sharedUp: [2, d, s], sharedDown: [s, d] }),
    ...(moe.sharedGate && { sharedGate: [d, 1] }),
  };
}

function layerTensors(model: Model, settings: RunSettings, layer: ModelLayer): ModelTensor[] {
  const { attention: a, dModel: d, ffn, moe } = model;
  const choice = settings.router?.score === "sigmoid";
  const norm: Shapes = { norm: [d], ...(model.norm.bias && { "norm.beta": [d] }) };
  const normed = sharesNorm(model) ? {} : norm;
  const parts: Record<string, Shapes> = {
    attention: { ...norm, ...(a.kind === "mla" ? latentShapes(a, d) : headShapes(a, d)) },
    ...(layer.network === "experts"
      ? { moe: expertShapes(moe!, { d, e: layer.experts, choice, normed }) }
      : { ffn: { ...normed, up: [2, d, ffn!.width], down: [ffn!.width, d] } }),
  };
  return Object.entries(parts).flatMap(([part, shapes]) =>
    Object.entries(shapes).map(([name, shape]) => ({
      name: `layers.${layer.index}.${part}.${name}`,
      shape,
    }))
  );
}

/**
 * All tensors of a model that its forward pass takes, in the order in which it takes them. Modules
 * that predict further tokens are left out: a forward pass runs without them.
 *
 * @throws {UserError} where the model has a part that is told nowhere here.
 *
 * @example
 * ```ts
 * import { modelPreset, modelTensors, settingsFromHuggingFace } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const config = { model_type: "mixtral", hidden_size: 4096, num_attention_heads: 32 };
 * const settings = settingsFromHuggingFace(config, { id: "mixtral-8x7b" });
 * const tensors = modelTensors(modelPreset("mixtral-8x7b"), settings);
 * const shapeOf = (name: string) => tensors.find((tensor) => tensor.name === name)?.shape;
 * assertEquals(shapeOf("layers.0.moe.up"), [8, 2, 4096, 14336]);
 * assertEquals(shapeOf("layers.0.attention.k"), [4096, 1024]);
 * ```
 */
export function modelTensors(model: Model, settings: RunSettings): ModelTensor[] {
  checkRunnable(model);
  const { dModel: d, embedding: { tied, vocab }, norm: { bias } } = model;
  return [
    { name: "embedding", shape: [vocab, d] },
    ...layersOf(model).flatMap((layer) => layerTensors(model, settings, layer)),
    { name: "norm", shape: [d] },
    ...(bias ? [{ name: "norm.beta", shape: [d] }] : []),
    ...(tied ? [] : [{ name: "head", shape: [vocab, d] }]),
  ];
}
