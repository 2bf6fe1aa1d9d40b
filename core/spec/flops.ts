/**
 * FLOP of one token's forward pass, in matrix products and attention.
 *
 * A multiply-add is two. Products with weights cost twice the weights that the token uses; the
 * attention core costs `sequence x heads x (dqk + dv)`, which is the causal half of the scores and
 * the values of a sequence (and what BAM's Table 10 calls mask, 2 n_ctx d), and less where queries
 * see a window. Linear attention and Mamba-2 cost the products with their state, as it is defined
 * token by token; kernels that work on blocks of tokens do more. Norms, biases, convolutions, table
 * look-ups, the scan of Mamba and the choice of the router are left out. A backward pass costs twice
 * as much again. In an encoder-decoder, a token is one source token and one target token, and an
 * encoder attends both ways.
 *
 * @module
 */
import { expertsUsed, headShape } from "./mixer_counts.ts";
import { layersOf, type ModelLayer } from "./layers.ts";
import type { FfnSpec, Model } from "./model.ts";
import { layerParts, outerParts, type PartCounts } from "./params.ts";

/** What the FLOP of a token depend on beside the model. */
export interface FlopsOptions {
  /** Tokens of the sequence that the token is part of. */
  sequence: number;
  /**
   * FLOP of the activation, for each hidden unit that a token uses; 0 by default. BAM's Table 7
   * counts 3 of them.
   */
  activation?: number;
}

/** FLOP of one token, by part. */
export interface TokenFlops {
  /** Projections and core of attention, linear attention among it. */
  attention: number;
  /** Projections of Mamba layers, and products with the state of Mamba-2. */
  mamba: number;
  /** Dense networks, experts with their projections, and shared experts. */
  ffn: number;
  /** Routers of experts and of attention experts. */
  router: number;
  /** Modules that predict further tokens, with the output layer that each of them runs. */
  mtp: number;
  /** The output layer. */
  head: number;
  /** All of them. */
  total: number;
}

const products = (parts: PartCounts, ...keys: (keyof PartCounts)[]) =>
  keys.reduce((sum, key) => sum + 2 * (parts[key]?.matmul ?? 0), 0);

/** Keys that a query sees on average: half of the sequence, or less in a window. */
function meanKeys(sequence: number, window = sequence): number {
  const seen = Math.min(window, sequence);
  return seen - seen ** 2 / (2 * sequence);
}

/** The attention cores of a layer: self-attention, and cross-attention where there is some. */
function coreFlops(model: Model, layer: ModelLayer, sequence: number): number {
  const { attention: a, linear } = model;
  if (layer.mixer === "linear") {
    // The state is written to and read from; gated-delta also reads what it corrects.
    const products = linear!.kind === "lightning" ? 2 : 3;
    return 2 * products * linear!.valueHeads * linear!.keyDim * linear!.valueDim;
  }
  if (layer.mixer !== "attention") return 0;
  const { heads, dqk, dv } = headShape(a);
  const keys = meanKeys(sequence, layer.window);
  const causal = 2 * keys * heads * (dqk + dv) * expertsUsed(a);
  return causal * (layer.stack === "encoder" ? 2 : 1) + (layer.crossAttention ? 2 * causal : 0);
}

/** A head of Mamba-2 writes to its state and reads from it. */
function stateFlops({ mamba2 }: Model, { mixer }: ModelLayer): number {
  return mixer === "mamba2" ? 4 * mamba2!.heads * mamba2!.headDim * mamba2!.stateSize : 0;
}

const hiddenUnits = (ffn: FfnSpec | undefined, copies = 1) => (ffn ? copies * ffn.width : 0);

/** Hidden units that a token uses in a layer. */
function activeUnits(model: Model, layer: ModelLayer): number {
  const { ffn, moe } = model;
  if (layer.network === "none") return 0;
  if (layer.network === "dense") return hiddenUnits(ffn);
  const { shared, denseBeside, topK } = moe!;
  return hiddenUnits(moe, topK) + (shared ? shared.count * shared.width : 0) +
    hiddenUnits(denseBeside);
}

const sumUp = (parts: Omit<TokenFlops, "total">): TokenFlops => ({
  ...parts,
  total: Object.values(parts).reduce((sum, part) => sum + part, 0),
});

/**
 * FLOP of one token in one layer.
 *
 * @example
 * ```ts
 * import { layerFlops, layersOf, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * // BAM (arXiv 2408.08274), Table 7, row BTX.
 * const btx = modelPreset("btx-small");
 * const flops = layerFlops(btx, layersOf(btx)[0], { sequence: 256, activation: 3 });
 * assertEquals([flops.attention, flops.ffn, flops.total], [8_912_896, 12_589_056, 21_510_144]);
 * ```
 */
export function layerFlops(model: Model, layer: ModelLayer, options: FlopsOptions): TokenFlops {
  const { sequence, activation = 0 } = options;
  const parts = layerParts(model, layer);
  return sumUp({
    attention: products(parts, "attention", "linear") + coreFlops(model, layer, sequence),
    mamba: products(parts, "mamba") + stateFlops(model, layer),
    ffn: products(parts, "ffn", "experts", "latent", "shared") +
      activation * activeUnits(model, layer),
    router: products(parts, "router", "attentionRouter"),
    mtp: 0,
    head: 0,
  });
}

/** Each module runs a layer like the last, the product that joins its inputs, and the output layer. */
function mtpFlops({ dModel: d, mtp }: Model, last: TokenFlops, head: number): number {
  return (mtp?.modules ?? 0) * (last.total + 4 * d * d + head);
}

/**
 * FLOP of one token's forward pass through a whole model.
 *
 * @example
 * ```ts
 * import { flopsPerToken, modelPreset } from "@moelab/moelab/core";
 * import { assertAlmostEquals } from "@std/assert";
 *
 * // Forward and backward of DeepSeek-V3 at 4096 tokens: 250.4 GFLOP a token.
 * const { total } = flopsPerToken(modelPreset("deepseek-v3"), { sequence: 4096 });
 * assertAlmostEquals(3 * total / 1e9, 250.4, 0.5);
 * ```
 */
export function flopsPerToken(model: Model, options: FlopsOptions): TokenFlops {
  const layers = layersOf(model).map((layer) => layerFlops(model, layer, options));
  const outer = outerParts(model);
  const head = products(outer, "embedding", "head");
  const sum = (part: keyof TokenFlops) => layers.reduce((s, layer) => s + layer[part], 0);
  return sumUp({
    attention: sum("attention"),
    mamba: sum("mamba"),
    ffn: sum("ffn"),
    router: sum("router"),
    mtp: mtpFlops(model, layers.at(-1)!, head),
    head,
  });
}
