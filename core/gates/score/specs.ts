/**
 * How a gate scores experts.
 *
 * @module
 */

/** Noise on logits in training. */
export type NoiseSpec =
  /** Normal with a given deviation; "1/E" is the inverse of the number of experts (V-MoE). */
  | { kind: "normal"; deviation: number | "1/E" }
  /** Normal with a learned deviation: softplus of a linear map (Shazeer et al.). */
  | { kind: "learned" }
  /** Gumbel: (logits + noise) / temperature; without noise, divided as well, in evaluation. */
  | { kind: "gumbel"; temperature: number }
  /** The input times uniform numbers in [1 - width, 1 + width] (Switch). */
  | { kind: "jitter"; width: number };

/** What is common to all scores. */
export interface ScoreCommon {
  /** Noise in training. */
  noise?: NoiseSpec;
  /** Logits become `lambda (z - mean) / deviation` of each token (Skywork-MoE). */
  normalise?: { lambda: number };
  /** The logits of the layer before, through a matrix [E, E], are added (MoE++). */
  residual?: boolean;
  /** What is scored: each token, the mean of each sequence, or what the tag is embedded as. */
  of?: "token" | "sequence" | "tag" | "attributes";
}

/** A score. */
export type ScoreSpec =
  & ScoreCommon
  & (
    /** x W, plus a bias where asked for. */
    | { kind: "linear"; bias?: boolean; init?: "zeros" }
    /** cos(W x, e) / temperature, learned; in `width` dimensions, "E/2", or without W: "D". */
    | { kind: "cosine"; width: "E/2" | "D"; temperature: number; learned: boolean }
    /** Two layers. */
    | { kind: "mlp"; hidden: number; activation: "relu" | "tanh" | "gelu" }
    /** softmax(q k^T) v with q, k, v of E numbers each (Yuan 2.0-M32). */
    | { kind: "attention" }
    /** Token embeddings of the gate's own, times centroids (StableMoE's second stage). */
    | { kind: "embedding"; width: number }
    /** A random matrix that is never trained (SMoE-Dropout). */
    | { kind: "fixed" }
    /** Sums of two half queries' similarities with sub-keys; goes with that choice (PEER). */
    | { kind: "product-key"; width: number; heads: number }
    /** One gate for each tag (MMoE, MOELoRA). */
    | { kind: "by-tag" }
    /** No score: the choice needs none. */
    | { kind: "none" }
  );
