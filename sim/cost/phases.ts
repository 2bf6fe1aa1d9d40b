/**
 * What a micro-batch costs on a rank, layer by layer: the numbers that the closed form adds up and
 * that the events run.
 *
 * All seconds are of one rank, one layer and one micro-batch. Kernels of a phase run one after the
 * other on the compute stream in the order *mixer* (norm, attention, its products, residual), then
 * for a dense layer *ffn*; for a mixture *route* (norm, router, permutation), dispatch, *experts*,
 * combine, *merge* (permutation back, weights, residual), with the *shared* experts before the
 * dispatch or beside it. Exchanges are whole; what of them is exposed follows from `Overlap` and the
 * stack, in the closed form by rule and in the events by what happens.
 *
 * @module
 */

/** Kinds of layers that differ in cost. */
export type LayerKind = "dense" | "moe" | "embedding" | "head" | "mtp";

/** One phase of one layer on one rank; see the module. Kernels in seconds on the compute stream. */
export interface LayerPhase {
  /** Kernels before the feed-forward part; all kernels of an embedding or a head. */
  mixerSeconds: number;
  /** Dense feed-forward network. */
  ffnSeconds: number;
  /** Norm, router, order of tokens, packing. */
  routeSeconds: number;
  /** Routed experts. */
  expertSeconds: number;
  /** Shared experts. */
  sharedSeconds: number;
  /** Unpacking, weighted sum, residual. */
  mergeSeconds: number;
  /** Tensor-parallel exchanges that delay the compute stream. */
  tensorSeconds: number;
  /** The part of the tensor-parallel exchanges that runs beside kernels. */
  tensorHiddenSeconds: number;
  /** Keys and values (or heads) between context ranks that delay the compute stream. */
  contextSeconds: number;
  /** The part of the context exchange that runs beside kernels. */
  contextHiddenSeconds: number;
  /** Tokens to their experts, whole. */
  dispatchSeconds: number;
  /** Tokens back, whole. */
  combineSeconds: number;
  /** All-gather of this layer's parameters (ZeRO 3), whole. */
  gatherSeconds: number;
  /** Reduce-scatter of this layer's gradients for each micro-batch (ZeRO 2 and 3), whole. */
  scatterSeconds: number;
  /** FLOP of the products and of attention on this rank. */
  flops: number;
  /** Kernels that the host issues. */
  kernels: number;
}

/** The three phases of a layer. */
export interface LayerCost {
  /** What it is. */
  kind: LayerKind;
  /** Forward pass. */
  forward: LayerPhase;
  /** Gradients of the inputs, what is recomputed for them included. */
  backwardInput: LayerPhase;
  /** Gradients of the weights. */
  backwardWeight: LayerPhase;
}

/** A model chunk: what one virtual stage holds. */
export interface ChunkCost {
  /** Layers by kind, in order; equal ones share their record. */
  layers: readonly LayerCost[];
}

/** The costs of a step on every pipeline stage. */
export interface StepCosts {
  /** Chunks by stage, `[stage][chunk]`, a stage's chunks in the order of the model. */
  stages: readonly (readonly ChunkCost[])[];
  /** Micro-batches of a data-parallel rank. */
  microBatches: number;
  /** Activations of a micro-batch from one chunk to the next on another stage. */
  sendSeconds: number;
  /** What a stage does once a step. */
  perStep: readonly StageStep[];
  /** Host work, data and logging that a step adds, seconds. */
  fixedSeconds: number;
}

/** What a stage does once a step. */
export interface StageStep {
  /** Reduce-scatter or all-reduce of dense and of expert gradients, whole. */
  gradientSeconds: number;
  /** All-gather of parameters, whole. */
  parameterSeconds: number;
  /** The optimiser. */
  updateSeconds: number;
}
