/**
 * The description of a model: what it is made of, read from JSON and checked field by field.
 *
 * A description says sizes, never weights. Every count of parameters, every FLOP and every
 * lowered operator follows from it. `sources` says of each field where its value comes from, so
 * that a count which rests on an assumption is never passed off as one that was checked.
 *
 * @module
 */
import type { FfnSpec, MoeSpec } from "./experts.ts";
import type { AttentionSpec } from "./mixers.ts";
import type { LinearSpec, Mamba2Spec, MambaSpec } from "./state_mixers.ts";

export type * from "./experts.ts";
export type * from "./mixers.ts";
export type * from "./state_mixers.ts";

/** Where a value was found: in the paper, in the released configuration, or nowhere. */
export interface FieldSource {
  /** "assumed" marks a guess: counts that rest on it are unchecked. */
  from: "paper" | "config" | "assumed";
  /** Which table, section or file, or why this value was assumed. */
  cite: string;
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

/**
 * Modules that predict further tokens (DeepSeek-V3, arXiv 2412.19437, section 2.2): each joins the
 * output before it with the embedding of the next token, a product of 2D by D behind two norms, and
 * runs one layer like the model's last, a norm and the output layer. Tables are shared.
 */
export interface MtpSpec {
  /** How many. */
  modules: number;
}

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
  /** Linear attention in the layers between those with softmax attention. */
  linear?: LinearSpec;
  /** Mamba-2, in the layers that `blocks` names. */
  mamba2?: Mamba2Spec;
  /**
   * One letter a layer, where a layer is one block instead of a mixer and a network: M Mamba-2,
   * * attention, E experts, - a dense network (Nemotron-H, arXiv 2504.03624).
   */
  blocks?: string;
  /** The feed-forward network of layers without experts. */
  ffn?: FfnSpec;
  /** The experts. */
  moe?: MoeSpec;
  /** Modules that predict further tokens; counted with the model where they are there. */
  mtp?: MtpSpec;
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
