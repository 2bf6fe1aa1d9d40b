/**
 * Layers that mix tokens through a state of fixed size instead of all keys.
 *
 * @module
 */

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

/**
 * Mamba-2 layers (arXiv 2405.21060): heads of a state of `headDim` by `stateSize`, whose input and
 * output vectors are shared by groups of heads. `blocks` of the model says where they are.
 */
export interface Mamba2Spec {
  /** Heads. */
  heads: number;
  /** Channels of a head. */
  headDim: number;
  /** State channels of each channel. */
  stateSize: number;
  /** Groups of heads with input and output vectors of their own. */
  groups: number;
  /** Taps of the causal convolution, which has a bias. */
  convWidth: number;
}

/**
 * Linear attention in most layers, softmax attention in the others: each value head keeps a state
 * of `keyDim` by `valueDim`.
 *
 * "lightning" decays its state by a constant (arXiv 2401.04658, as in MiniMax-01, arXiv 2501.08313);
 * "gated-delta" corrects what the state answers to a key and decays it by a learned gate (arXiv
 * 2412.06464, as in Qwen3-Next). Both scale their normalised output by a projected gate.
 */
export interface LinearSpec {
  /** How the state changes. */
  kind: "lightning" | "gated-delta";
  /** Heads of queries and keys. */
  keyHeads: number;
  /** Heads of values. */
  valueHeads: number;
  /** Width of a head's query and key. */
  keyDim: number;
  /** Width of a head's value. */
  valueDim: number;
  /** Taps of the causal convolution over queries, keys and values; 0 without one. */
  convWidth: number;
  /** One layer in so many has softmax attention. */
  softmaxEvery: number;
  /** Which of them has it, from 0. */
  softmaxOffset: number;
}
