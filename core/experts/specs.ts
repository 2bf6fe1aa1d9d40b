/**
 * What an expert is, as data: what a token's chosen experts compute, what every token passes beside
 * them, and from where in the model the chosen ones read.
 *
 *     routed   x_TD, weights -> y_TD     networks, single neurons, attention, convolutions
 *     beside   x_TD, y_TD    -> y_TD     shared experts and how the two are put together
 *     reads    now, or a point of the layer before
 *
 * @module
 */
import type { Activation } from "../spec/activation.ts";

/** Sizes that experts may depend on. */
export interface ExpertShape {
  /** Width D of a token. */
  dModel: number;
  /** Experts E that compute: routed ones without those that copy or give a constant. */
  experts: number;
  /** Width F of an expert: hidden units, width of a head, or filters of a convolution. */
  width: number;
  /** Tokens of a batch T. */
  tokens: number;
  /** Tokens of a sequence, or places of an image; sequences lie one behind the other. */
  length: number;
  /** Rows of an image, `length` being rows times columns; for convolutions. */
  imageRows?: number;
}

/** What the chosen experts of a token compute. */
export type RoutedSpec =
  /** Up, activation, down. */
  | { kind: "network"; activation: Activation }
  /**
   * Networks of which some positions are the expert's own and the others one for all experts: those
   * of `impact` below the rest became static (PAD-Net, arXiv 2211.05528).
   */
  | { kind: "partial"; activation: Activation }
  /** One hidden unit for each expert, looked up by index (PEER, arXiv 2407.04153). */
  | { kind: "neuron"; activation: Exclude<Activation, "geglu" | "swiglu"> }
  /**
   * Attention with queries and an output matrix for each expert. Keys and values are shared by all
   * (MoA, arXiv 2210.05144) or the expert's own (BAM, arXiv 2408.08274; MoH, arXiv 2410.11842).
   * `always` heads are on for every token; `levels` weighs them and the routed ones by two gates
   * more, which is what MoH does.
   */
  | { kind: "attention"; keys: "shared" | "own"; always?: number; levels?: boolean }
  /** Convolutions over an image of `size` by `size` places, down by a matrix. */
  | { kind: "convolution"; size: number; activation: Activation };

/** How what all tokens pass and what the chosen experts give become one. */
export type MixSpec =
  /** Their sum (DeepSpeed-MoE, arXiv 2201.05596; DeepSeekMoE, arXiv 2401.06066). */
  | { kind: "sum" }
  /** A sigmoid gate scales what is shared (Qwen1.5-MoE). */
  | { kind: "gated" }
  /**
   * A sigmoid gate g chooses: (1 - g) shared + g routed, and a loss holds the mean of g at a share
   * (conditional routing, NLLB, arXiv 2207.04672).
   */
  | { kind: "conditional"; share: number; weight: number }
  /** What is shared counts 1 less the largest weight of a token's experts (MoCLE, 2312.12379). */
  | { kind: "rest" };

/** What every token passes beside its chosen experts. */
export type BesideSpec =
  /** Networks of the experts' width, or `times` as wide. */
  | { kind: "shared"; count: number; times?: number; activation: Activation; mix: MixSpec }
  /**
   * A small network whose weights are made, token by token, of the embeddings of the experts that
   * the token did not choose (HyperMoE, arXiv 2402.12656).
   */
  | { kind: "hyper"; embedding: number; hidden: number; rank: number };

/**
 * Where routed experts read: the layer itself, or the layer before at its output, between its
 * attention and its network, or at its input (ScMoE's positions 1 to 3, arXiv 2404.05019).
 */
export type ReadsSpec = "here" | "output" | "middle" | "input";

/** An expert layer; see the module. */
export interface ExpertSpec {
  /** What the chosen experts compute. */
  routed: RoutedSpec;
  /** What every token passes beside; nothing where absent. */
  beside?: BesideSpec;
  /** Where routed experts and their gate read; "here" where absent. */
  reads?: ReadsSpec;
}
