/**
 * The description of a model: what it is made of, read from JSON and checked field by field.
 *
 * A description says sizes, never weights. Every count of parameters, every FLOP and every
 * lowered operator follows from it. `sources` says of each field where its value comes from, so
 * that a count which rests on an assumption is never passed off as one that was checked.
 *
 * @module
 */
import type { Activation } from "./activation.ts";

/** Where a value was found: in the paper, in the released configuration, or nowhere. */
export interface FieldSource {
  /** "assumed" marks a guess: counts that rest on it are unchecked. */
  from: "paper" | "config" | "assumed";
  /** Which table, section or file, or why this value was assumed. */
  cite: string;
}

/** What the attention kinds with plain heads have in common. */
export interface AttentionHeads {
  /** Query heads. */
  heads: number;
  /** Width of a head. */
  headDim: number;
  /** Whether the query, key and value projections have biases. */
  qkvBias: boolean;
  /** Whether the output projection has a bias. */
  outBias: boolean;
  /** Norm of queries and keys: none, one weight per head channel, or over all heads together. */
  qkNorm: "none" | "head" | "width";
}

/** Multi-head attention: as many key and value heads as query heads. */
export interface MhaAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "mha";
}

/** Grouped-query attention: query heads share `kvHeads` key and value heads. */
export interface GqaAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "gqa";
  /** Key and value heads; 1 is multi-query attention. */
  kvHeads: number;
}

/** Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434). */
export interface MlaAttention {
  /** Discriminator. */
  kind: "mla";
  /** Query heads. */
  heads: number;
  /** Rank of the query's compression, 0 where queries are projected directly. */
  qRank: number;
  /** Rank of the joint compression of keys and values. */
  kvRank: number;
  /** Width of a head's query and key without position. */
  nopeDim: number;
  /** Width of a head's query and of the one shared key with rotary position. */
  ropeDim: number;
  /** Width of a head's value. */
  valueDim: number;
}

/** Attention experts, softly routed: every token goes to all of them (BAM, arXiv 2408.08274). */
export interface ExpertAttention extends AttentionHeads {
  /** Discriminator. */
  kind: "experts";
  /** Number of attention experts. */
  experts: number;
  /** Whether each expert has its own keys and values, or all share one set. */
  kv: "expert" | "shared";
  /** Key and value heads of one expert. */
  kvHeads: number;
}

/** The self-attention of a layer. */
export type AttentionSpec = MhaAttention | GqaAttention | MlaAttention | ExpertAttention;

/** Selective state-space layers that stand in for attention (Jamba, arXiv 2403.19887). */
export interface MambaSpec {
  /** State channels of each inner channel. */
  stateSize: number;
  /** Taps of the causal convolution. */
  convWidth: number;
  /** Inner width over model width. */
  expand: number;
  /** Rank of the step-size projection. */
  dtRank: number;
  /** Whether step size, input and output vectors are normalised inside. */
  innerNorms: boolean;
  /** One layer in so many has attention; the others are Mamba. */
  attentionEvery: number;
  /** Which of them has it, from 0. */
  attentionOffset: number;
}

/** A dense feed-forward network. */
export interface FfnSpec {
  /** Hidden width. */
  width: number;
  /** Nonlinearity; the `glu` kinds have a third matrix. */
  activation: Activation;
  /** Whether its projections have biases. */
  bias: boolean;
}

/** Which layers hold experts. */
export type ExpertPlacement =
  /** Layers whose index modulo `step` is `offset`, counted within encoder and decoder. */
  | { kind: "every"; step: number; offset: number }
  /** All layers but the first `first`, counted within encoder and decoder. */
  | { kind: "after"; first: number }
  /** The layers named. */
  | { kind: "list"; layers: number[] }
  /** Layers by group, with a number of experts for each group (PR-MoE, arXiv 2201.05596). */
  | { kind: "pyramid"; groups: { layers: number[]; experts: number }[] };

/** The router of a layer. */
export interface RouterSpec {
  /** A linear map, two layers of E outputs, or queries, keys and values of E (Yuan). */
  kind: "linear" | "mlp" | "attention";
  /** Whether each expert has one additive parameter, such as DeepSeek-V3's balance bias. */
  bias: boolean;
}

/** A mixture of feed-forward experts. */
export interface MoeSpec extends FfnSpec {
  /** Routed experts of a layer; a pyramid's groups say their own. */
  experts: number;
  /** Routed experts that a token uses. */
  topK: number;
  /** Experts that every token uses: how many, and the hidden width of one. */
  shared?: { count: number; width: number };
  /** Whether a learned scalar gate scales the shared experts. */
  sharedGate: boolean;
  /** Form of the router. */
  router: RouterSpec;
  /** Which layers hold experts. */
  placement: ExpertPlacement;
  /** A dense network beside the experts of the same layer (ST-MoE, Arctic). */
  denseBeside?: FfnSpec;
}

/** How positions enter, and what that costs in parameters. */
export type PositionSpec =
  | { kind: "rope" | "sinusoidal" | "none" }
  /** A table of `length` rows of model width. */
  | { kind: "learned"; length: number }
  /** A table of `buckets` by heads for each stack (T5). */
  | { kind: "relative"; buckets: number };

/** Token and position tables. */
export interface EmbeddingSpec {
  /** Rows of the token table, padding included. */
  vocab: number;
  /** Whether the output layer reuses the token table. */
  tied: boolean;
  /** How positions enter. */
  positions: PositionSpec;
}

/** The norms of model width. */
export interface NormSpec {
  /** Kind. */
  kind: "rmsnorm" | "layernorm";
  /** Whether each has a bias beside its weight. */
  bias: boolean;
  /** Norms of a layer; a decoder layer with cross-attention has one more. */
  perLayer: number;
  /** Whether each stack ends in a norm. */
  final: boolean;
}

/** Counts as their publisher printed them, such as "46.7B"; the digits say how exact they are. */
export interface PublishedCounts {
  /** All parameters. */
  total?: string;
  /** Parameters that a token uses. */
  active?: string;
  /** Where they are printed. */
  source: string;
  /** Why the counts of this description differ from the print, where they do. */
  mismatch?: string;
}

/**
 * How active parameters are counted: "all" takes both vocabulary tables whole; "no-lookup" leaves
 * the input table out where it is not also the output layer; "paper" leaves out the router of
 * attention experts, as BAM's Table 9 does.
 */
export type CountConvention = "all" | "no-lookup" | "paper";

/** A model. */
export interface Model {
  /** Lower case with hyphens. */
  id: string;
  /** Name, as people write it. */
  name: string;
  /** Year of publication. */
  year?: number;
  /** The publication: an arXiv id, or another place. */
  reference?: { arxiv?: string; title?: string };
  /** True where the model's sizes were never published. */
  rumour: boolean;
  /** How active parameters are counted. */
  convention: CountConvention;
  /** Layers of the decoder (of the model, where there is no encoder). */
  layers: number;
  /** Layers of the encoder, 0 where there is none; the decoder's layers then cross-attend. */
  encoderLayers: number;
  /** Model width D. */
  dModel: number;
  /** Whether attention and feed-forward follow each other or read the same input. */
  block: "serial" | "parallel";
  /** Self-attention. */
  attention: AttentionSpec;
  /** Mamba layers between those with attention. */
  mamba?: MambaSpec;
  /** The feed-forward network of layers without experts. */
  ffn?: FfnSpec;
  /** The experts. */
  moe?: MoeSpec;
  /** Token and position tables. */
  embedding: EmbeddingSpec;
  /** Norms. */
  norm: NormSpec;
  /** Counts that were printed. */
  published?: PublishedCounts;
  /** Where each field's value comes from; a key is a field, or a path such as "moe.topK". */
  sources: Record<string, FieldSource>;
  /** Differences between sources, and what else a reader should know. */
  notes: string[];
}
