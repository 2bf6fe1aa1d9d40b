/**
 * What is compared: BAM's mixtures beside BTX's and the dense model that both begin with, as rows.
 *
 * Source: BAM, arXiv 2408.08274, Tables 4 to 6 and 9.
 *
 * @module
 */
import { readModel } from "../../../core/spec/schema.ts";
import type { ExpertAttention, ExpertRouting, Model } from "../../../core/spec/model.ts";

/** Sizes that all variants share. */
export interface VariantSizes {
  /** Layers. */
  layers: number;
  /** Model width. */
  dModel: number;
  /** Attention heads of the dense model, and of an expert. */
  heads: number;
  /** Hidden width of a network; the work's own is fused and twice this. */
  width: number;
  /** Tokens of the vocabulary. */
  vocab: number;
}

/** A way to spend parameters. */
export interface Variant {
  /** Lower case with hyphens, as the study names it. */
  id: string;
  /** As tables name it. */
  name: string;
  /** Routed networks of a layer and those a token takes; none in the dense model. */
  networks?: { experts: number; topK: number };
  /** Attention experts: whose keys and values, and how they are routed; softly where absent. */
  attention?: { kv: ExpertAttention["kv"]; routing?: ExpertRouting };
}

const four = { experts: 4, topK: 1 };
const best = (topK: number): ExpertRouting => ({ topK, over: "all" });

/** All of them, the one that others are held against second. */
export const variants: readonly Variant[] = [
  { id: "seed", name: "Dense seed" },
  { id: "btx-4", name: "BTX, 4 experts top-1", networks: four },
  { id: "btx-6", name: "BTX, 6 experts top-3", networks: { experts: 6, topK: 3 } },
  { id: "bam-expert-kv", name: "BAM, expert KV", networks: four, attention: { kv: "expert" } },
  { id: "bam-shared-kv", name: "BAM, shared KV", networks: four, attention: { kv: "shared" } },
  {
    ...{ id: "bam-top-2", name: "BAM, shared KV, top-2 attention", networks: four },
    attention: { kv: "shared", routing: best(2) },
  },
  {
    ...{ id: "bam-top-1", name: "BAM, shared KV, top-1 attention", networks: four },
    attention: { kv: "shared", routing: best(1) },
  },
];

/** Id of the variant that others are held against. */
export const RIVAL = "btx-4";

/**
 * The description of a variant, as the work has its models: parallel blocks of one layer norm without
 * biases. One table of tokens is input and output, as in the work's large models.
 *
 * @throws {UserError} where the sizes make no model.
 */
export function variantModel(variant: Variant, sizes: VariantSizes): Model {
  const { layers, dModel, heads, width, vocab } = sizes;
  const { id, name, networks, attention } = variant;
  const headDim = dModel / heads;
  const network = { width, activation: "swiglu" };
  return readModel({
    ...{ id, name, layers, dModel, block: "parallel" },
    attention: attention
      ? {
        kind: "experts",
        experts: networks!.experts,
        heads,
        kvHeads: heads,
        headDim,
        ...attention,
      }
      : { kind: "mha", heads, headDim },
    ...(networks ? { moe: { ...networks, ...network } } : { ffn: network }),
    embedding: { vocab, tied: true },
    norm: { kind: "layernorm", perLayer: 1 },
  }, `the variant ${id}`);
}
