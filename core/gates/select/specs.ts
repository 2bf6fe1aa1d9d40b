/**
 * How experts are chosen.
 *
 * @module
 */

/** A choice. */
export type SelectSpec =
  /**
   * The K best, after the `skip` best where given. `bias` adds a state to the scores for choosing
   * alone.
   */
  | { kind: "top-k"; k: number; bias?: boolean; skip?: number }
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
  /**
   * Every expert whose softmax weight is above a threshold (EvoMoE). Where `annealed`, the softmax
   * has a temperature that falls from `from` (2) to `to` (0.3) over the training.
   */
  | { kind: "above"; threshold: number; annealed: boolean; from?: number; to?: number }
  /** All experts. */
  | { kind: "all" }
  /** The K best for each head of product keys, weighed by a softmax of each head (PEER). */
  | { kind: "product-key"; k: number }
  /** The best by a light router on `width` numbers a token id, once it was taught (StableMoE). */
  | { kind: "light"; width: number }
  /** The smooth-step of DSelect-k: k binary codes. */
  | { kind: "dselect"; k: number; gamma: number }
  /** One drawn from the softmax (reinforcement learning, Clark et al.). */
  | { kind: "sample"; k: number }
  /** An equal number of tokens for each expert, by assignment in training (BASE). */
  | { kind: "assignment" }
  /** The best of a transport plan with equal column sums (Sinkhorn). */
  | { kind: "sinkhorn"; k: number; iterations: number; temperature: number }
  /** A hash of ids (Hash Layer); `frequencies` [V] of them make the balanced one even. */
  | {
    kind: "hash";
    of: "token" | "balanced" | "bigram" | "before" | "position" | "clustered" | "dispersed";
    hashes: number;
    frequencies?: readonly number[];
  }
  /** k random experts (THOR). */
  | { kind: "random"; k: number }
  /** The expert of the tag. */
  | { kind: "tag" }
  /** A group by tag, a random expert of it by token id, fixed for each layer (PanGu-Sigma). */
  | { kind: "tag-then-hash"; groups: number }
  /**
   * Each expert takes its best tokens of every sequence: `capacity` experts a token on average, and
   * at most `most` where given, by a plan with `entropy` (0.05) made in `rounds` (10).
   */
  | { kind: "expert-choice"; capacity: number; most?: number; entropy?: number; rounds?: number }
  /**
   * All experts for the best tokens of each sequence, a share `capacity` of them; none for the
   * others. Where `predicted`, a token is told by itself in use (mixture of depths).
   */
  | { kind: "depth"; capacity: number; predicted: boolean }
  /**
   * The best after Gumbel noise, weighed by a softmax of a temperature that falls as exp(-rate step)
   * to `least` (Branch-Train-MiX).
   */
  | { kind: "gumbel-best"; rate: number; least: number }
  /** Soft slots (Soft MoE). */
  | { kind: "slots"; perExpert: number; normalised: boolean }
  /**
   * Parameters merged for each sequence or for each segment of `length` tokens, from all experts or
   * from the best `k`. Where `causal`, a segment is merged by the one before it; the first by its
   * own, without a gradient, or from all experts evenly.
   */
  | {
    kind: "merge";
    over: "sequence" | "segment";
    length?: number;
    k?: number;
    causal: boolean;
    first?: "own" | "even";
  }
  /**
   * One set of experts for each of `kinds` of tokens, told by their tags, and one for all: what a
   * set gives is soft, the sets are added (Omni-SMoLA).
   */
  | { kind: "kinds"; kinds: number }
  /** Tokens of neighbouring sequences at one position mixed into one (mixture of tokens). */
  | { kind: "across"; group: number; temperature?: number };
