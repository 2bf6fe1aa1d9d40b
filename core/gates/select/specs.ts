/**
 * How experts are chosen.
 *
 * @module
 */

/** A choice. */
export type SelectSpec =
  /** The K best. `bias` adds a state to the scores for choosing alone. */
  | { kind: "top-k"; k: number; bias?: boolean }
  /** The K best of the best `chosen` of `groups` groups, by their best or their best two. */
  | {
    kind: "limited";
    k: number;
    groups: number;
    chosen: number;
    by: "max" | "top2";
    bias?: boolean;
  }
  /** The best of each of k groups (M6-t). */
  | { kind: "prototypes"; k: number }
  /** A group, then experts in it: both gates are softmaxes (Shazeer et al., section B). */
  | { kind: "hierarchical"; groups: number; k: number }
  /** The best, and the second with probability proportional to its weight (GShard). */
  | { kind: "random-second" }
  /** Every expert whose score is above its own threshold; at least one where it is used (DYNMoE). */
  | { kind: "top-any" }
  /** Every expert whose score is above 0 (ReMoE). */
  | { kind: "above-zero" }
  /** Every expert whose weight is above a threshold that follows a schedule (EvoMoE). */
  | { kind: "above"; threshold: number; annealed: boolean }
  /** All experts. */
  | { kind: "all" }
  /** The smooth-step of DSelect-k: k binary codes. */
  | { kind: "dselect"; k: number; gamma: number }
  /** One drawn from the softmax (reinforcement learning, Clark et al.). */
  | { kind: "sample"; k: number }
  /** An equal number of tokens for each expert, by assignment in training (BASE). */
  | { kind: "assignment" }
  /** The best of a transport plan with equal column sums (Sinkhorn). */
  | { kind: "sinkhorn"; k: number; iterations: number; temperature: number }
  /** A hash of token ids. */
  | {
    kind: "hash";
    of: "token" | "balanced" | "bigram" | "before" | "position" | "clustered" | "dispersed";
    hashes: number;
  }
  /** k random experts (THOR). */
  | { kind: "random"; k: number }
  /** The expert of the tag. */
  | { kind: "tag" }
  /** A group by tag, a random expert of it by token id, fixed for each layer (PanGu-Sigma). */
  | { kind: "tag-then-hash"; groups: number }
  /** Each expert takes its best tokens of every sequence; a token at most `most` where given. */
  | { kind: "expert-choice"; capacity: number; most?: number }
  /** Soft slots (Soft MoE). */
  | { kind: "slots"; perExpert: number; normalised: boolean }
  /** Parameters merged by sequence, segment or choice. */
  | { kind: "merge"; over: "sequence" | "segment"; length?: number; k?: number; causal: boolean }
  /** Tokens of neighbouring sequences at one position mixed into one (mixture of tokens). */
  | { kind: "across"; group: number };
