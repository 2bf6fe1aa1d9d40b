/**
 * Weights that schemes carry over: those of a trainer's model, and norms of queries and keys, which
 * released models have and the trainer has not.
 *
 * @module
 */
import type { Gating } from "../../nn/gating.ts";
import { type Beginning, modelBeginnings } from "../../nn/parameters.ts";
import { layersOf } from "../../spec/layers.ts";
import type { Model } from "../../spec/model.ts";

/** Norms of queries and keys in a layer. */
function headNorms({ attention }: Model, layer: number): Record<string, Beginning> {
  if (attention.kind !== "mha" && attention.kind !== "gqa") return {};
  const { qkNorm, heads, headDim } = attention;
  if (qkNorm === "none") return {};
  const kvHeads = attention.kind === "gqa" ? attention.kvHeads : heads;
  const norm = (name: string, count: number) => {
    const shape = [qkNorm === "head" ? headDim : count * headDim];
    return [`layers.${layer}.attention.${name}`, { shape, init: "ones" } as const] as const;
  };
  return Object.fromEntries([norm("qNorm", heads), norm("kNorm", kvHeads)]);
}

/** Names, shapes and beginnings of the weights of a model; see the module. */
export function carriedWeights(model: Model, gating?: Gating): Record<string, Beginning> {
  const norms = layersOf(model).map(({ index }) => headNorms(model, index));
  return Object.assign(modelBeginnings(model, gating), ...norms);
}
