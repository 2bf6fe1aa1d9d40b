/**
 * A plan: how a training step is spread over devices, and how it is run there.
 *
 * Degrees. The world of R ranks is `tp * cp * dp * pp` for the attention and `etp * ep * edp * pp`
 * for the experts ("MoE Parallel Folding", arXiv 2504.14960): the two sides share `pp` and nothing
 * else, so `ep` may run over what are tensor, context and data ranks of the attention. The ranks of
 * a group lie next to each other in the order tp, cp, dp, pp (attention) and etp, ep, edp, pp
 * (experts), innermost first.
 *
 * @module
 */

/** Order in which a pipeline works on its micro-batches. */
export type ScheduleName =
  | "gpipe"
  | "1f1b"
  | "interleaved"
  | "zb-h1"
  | "zb-v"
  | "v-half"
  | "v-min"
  | "zb-bounded"
  | "dualpipe"
  | "dualpipe-v";

/** Number formats of products, exchanges and states. */
export const precisions = ["fp32", "tf32", "bf16", "fp16", "fp8", "mxfp8", "fp4"] as const;

/** One of them. */
export type Precision = typeof precisions[number];

/** Parts of a layer whose activations may be computed again in the backward pass. */
export const recomputeModules = [
  "norm",
  "attention_core",
  "mla_up",
  "activation",
  "ffn",
  "experts",
  "shared_experts",
] as const;

/** One of them. */
export type RecomputeModule = typeof recomputeModules[number];

/** How tokens reach their experts. */
export const dispatchers = ["all-to-all", "deepep", "hybridep", "all-gather"] as const;

/** One of them. */
export type Dispatcher = typeof dispatchers[number];

/** How context ranks exchange keys and values: in a ring, by heads, or all at once. */
export const contextExchanges = ["p2p", "a2a", "all-gather"] as const;

/** What hides the exchange of tokens. */
export const expertOverlaps = ["none", "shared", "batches", "dualpipe", "attention"] as const;

/** What runs beside what. */
export interface Overlap {
  /** Gradients are reduced while the backward pass goes on. */
  gradients: boolean;
  /** Parameters are gathered while the forward pass goes on. */
  parameters: boolean;
  /** Tensor-parallel exchanges run in pieces beside their products. */
  tensor: boolean;
  /** Activations travel between stages while the stages compute. */
  pipeline: boolean;
  /**
   * What hides the exchange of tokens: nothing, the shared experts, another micro-batch, or, in layers
   * whose halves run in parallel, the attention.
   */
  experts: typeof expertOverlaps[number];
}

/** A plan; see the module. */
export interface Plan {
  /** Tensor-parallel ranks of attention and dense layers. */
  tp: number;
  /** Context-parallel ranks: each has 1/cp of a sequence. */
  cp: number;
  /** Data-parallel replicas of the attention. */
  dp: number;
  /** Pipeline stages. */
  pp: number;
  /** Model chunks of a stage (virtual pipeline); 1 without interleaving. */
  vpp: number;
  /** Expert-parallel ranks. */
  ep: number;
  /** Tensor-parallel ranks of an expert. */
  etp: number;
  /** Whether norms and residuals are split over the tensor ranks along the sequence. */
  sequenceParallel: boolean;
  /** How context ranks exchange keys and values. */
  contextExchange: typeof contextExchanges[number];
  /** What is sharded over data ranks: nothing, optimiser, + gradients, + parameters (FSDP). */
  zero: 0 | 1 | 2 | 3;
  /** Ranks that a ZeRO group spans; `dp * cp` unless sharding is hybrid (HSDP). */
  shardRanks?: number;
  /** Order of the pipeline. */
  schedule: ScheduleName;
  /** Layers of each stage by chunk, `[stage][chunk]`; even unless given. */
  stageLayers?: readonly (readonly number[])[];
  /** Sequences of a micro-batch on one data-parallel rank. */
  microBatch: number;
  /** Sequences of a step, over all ranks. */
  globalBatch: number;
  /** What is computed again in the backward pass. */
  recompute: "none" | "full" | readonly RecomputeModule[];
  /** What lives in the host's memory: the optimiser's share, and layers' activations of a stage. */
  offload: { optimizer: number; activationLayers: number };
  /** Format of the products. */
  precision: Precision;
  /** Formats where they differ from what `precision` implies. */
  formats: {
    /** Rows on the way to experts and back. */
    dispatch?: Precision;
    combine?: Precision;
    /** Gradients that are reduced, parameters that are gathered. */
    gradients?: Precision;
    parameters?: Precision;
    /** What is kept between steps. */
    mainGradients?: Precision;
    moments?: Precision;
  };
  /** How tokens reach their experts. */
  dispatcher: Dispatcher;
  /** What runs beside what. */
  overlap: Overlap;
  /** Rows of an expert over its even share, beyond which tokens are dropped; none: dropless. */
  capacityFactor?: number;
}
