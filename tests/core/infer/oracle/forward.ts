/**
 * The forward pass of a released model in f64 on the host, written apart from everything that runs
 * on a device: what the device's logits are held against.
 *
 * A layer adds attention of its normed input, then a network or experts of the normed sum (pre-norm,
 * RMSNorm, arXiv 1910.07467). A layer has experts where it has a router. Since a choice of experts
 * may turn on the last bit of an f32, `routing` imposes the choices that a device made: logits can
 * then be compared closely, and choices by their margins.
 *
 * @module
 */
import type { RunSettings } from "../../../../core/checkpoints/run_settings.ts";
import type { Model } from "../../../../core/spec/model.ts";
import { type Attended, plainAttention } from "./attention.ts";
import { experts, feedForward } from "./experts.ts";
import { latentAttention } from "./latent_attention.ts";
import type { Choice } from "./router.ts";
import { dot, type Find, finder, plus, rmsNorm, type Rows, type Tensors } from "./tensors.ts";

/** A model, and what may be imposed on it. */
export interface ForwardOptions {
  model: Model;
  settings: RunSettings;
  tensors: Tensors;
  /** Experts by layer, then by token; layers that are left out choose for themselves. */
  routing?: Routing;
  /** Position of the first token; 0 where left out. */
  start?: number;
}

/** Experts of each token, [T][K], by layer; empty for layers without experts. */
export type Routing = readonly (readonly (readonly number[])[] | undefined)[];

/** What a layer did. */
export interface LayerPass {
  /** Its output, the residual included. */
  out: Rows;
  attention: Attended;
  /** Choices of each token, where there are experts. */
  choices?: Choice[];
}

/** What a model did. */
export interface Pass {
  /** [T, V], one token after another. */
  logits: Float64Array;
  layers: LayerPass[];
  /** The choices of all layers, as `routing` takes them. */
  routing: Routing;
}

/** Keys that a query of a layer sees, its own among them; all where undefined. */
function windowOf({ attention }: Model, layer: number): number | undefined {
  if (!("window" in attention) || !attention.window) return undefined;
  const { size, fullEvery, fullOffset } = attention.window;
  return layer % fullEvery === fullOffset ? undefined : size;
}

/** Refuses what no model of this kind has, so that nothing is left out in silence. */
function check({ attention, block, norm, embedding, encoderLayers, moe, ...model }: Model) {
  const other = model.mamba ?? model.linear ?? model.mamba2 ?? model.blocks ?? moe?.denseBeside ??
    moe?.latent;
  const activations = [moe?.activation, model.ffn?.activation];
  const known = other === undefined && block === "serial" && encoderLayers === 0 &&
    norm.kind === "rmsnorm" && norm.perLayer === 2 && norm.final && !norm.bias &&
    embedding.positions.kind === "rope" && attention.kind !== "experts" &&
    !("outputGate" in attention && attention.outputGate) && !model.ffn?.bias &&
    activations.every((activation) => activation === undefined || activation === "swiglu");
  if (!known) throw new RangeError(`The forward pass of ${model.id} is not written here`);
}

function attentionOf(x_TD: Rows, layer: number, context: ForwardOptions & { find: Find }) {
  const { model, settings, find, start = 0 } = context;
  const { attention: spec } = model;
  const rest = { find, settings, start, window: windowOf(model, layer) };
  switch (spec.kind) {
    case "mla":
      return latentAttention(x_TD, { ...rest, spec });
    case "experts":
      throw new RangeError("Attention with experts is not written here");
    default:
      return plainAttention(x_TD, { ...rest, spec });
  }
}

function layerPass(x_TD: Rows, layer: number, options: ForwardOptions): LayerPass {
  const { model, settings, tensors, routing } = options;
  const prefix = `layers.${layer}.`;
  const find = finder(tensors, prefix);
  const normed = (rows: Rows, name: string) =>
    rows.map((row) => rmsNorm(row, find(name), settings.normEps));
  const has = (name: string) => prefix + name in tensors;
  const attention = attentionOf(normed(x_TD, "attention.norm"), layer, { ...options, find });
  const mixed = x_TD.map((x, t) => plus(x, attention.out[t]));
  if (!has("moe.router")) {
    const network = { up: find("ffn.up"), down: find("ffn.down") };
    const out = normed(mixed, "ffn.norm").map((x) => feedForward(x, network));
    return { out: mixed.map((x, t) => plus(x, out[t])), attention };
  }
  if (!model.moe) throw new RangeError(`Layer ${layer} has a router, but ${model.id} no experts`);
  const context = { spec: model.moe, find, has, settings, imposed: routing?.[layer] };
  const { out, choices } = experts(normed(mixed, "moe.norm"), context);
  return { out: mixed.map((x, t) => plus(x, out[t])), attention, choices };
}

/** Logits of the token after each of `ids`, and how they came about. */
export function forward(ids: readonly number[], options: ForwardOptions): Pass {
  const { model, settings, tensors } = options;
  check(model);
  const find = finder(tensors);
  const rowsOf = (name: string) => {
    const { data, shape: [, width] } = find(name);
    return (row: number) => Float64Array.from(data.subarray(row * width, (row + 1) * width));
  };
  let x_TD: Rows = ids.map(rowsOf("embedding"));
  const layers: LayerPass[] = [];
  for (let layer = 0; layer < model.layers; layer++) {
    layers.push(layerPass(x_TD, layer, options));
    x_TD = layers[layer].out;
  }
  const headRow = rowsOf(model.embedding.tied ? "embedding" : "head");
  const head = Array.from({ length: model.embedding.vocab }, (_, token) => headRow(token));
  const logits = x_TD.flatMap((x) => {
    const last = rmsNorm(x, find("norm"), settings.normEps);
    return head.map((row) => dot(last, row));
  });
  return {
    logits: Float64Array.from(logits),
    layers,
    routing: layers.map(({ choices }) => choices?.map((choice) => choice.ids)),
  };
}
