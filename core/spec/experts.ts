/**
 * Feed-forward networks and mixtures of them.
 *
 * @module
 */
import type { Activation } from "./activation.ts";

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

/**
 * Routing to groups of experts: a token uses those of the `chosen` best of `groups` equal groups
 * alone. Groups lie on nodes or devices, so that a token travels to few (DeepSeek-V3, arXiv
 * 2412.19437, section 2.1.2; DeepSeek-V2, arXiv 2405.04434, section 2.2.2).
 */
export interface GroupLimit {
  /** Groups of neighbouring experts. */
  groups: number;
  /** Groups that a token may reach. */
  chosen: number;
}

/** The router of a layer. */
export interface RouterSpec {
  /** A linear map, two layers of E outputs, or queries, keys and values of E (Yuan). */
  kind: "linear" | "mlp" | "attention";
  /** Whether each expert has one additive parameter, such as DeepSeek-V3's balance bias. */
  bias: boolean;
  /** Groups of experts that a token may reach; all where it is left out. */
  limit?: GroupLimit;
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
  /** Which layers hold experts, unless `blocks` of the model says so. */
  placement: ExpertPlacement;
  /** A dense network beside the experts of the same layer (ST-MoE, Arctic). */
  denseBeside?: FfnSpec;
  /**
   * Width to which a layer projects its tokens before they travel to routed experts, which are that
   * wide on both sides, and back (LatentMoE, Nemotron 3 Super); model width where it is left out.
   */
  latent?: number;
}
