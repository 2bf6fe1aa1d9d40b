/**
 * What a forward pass has to know of a released model beside its description: constants that change no
 * count of parameters or FLOP, as `config.json` says them.
 *
 * @module
 */

/** Angles of rotary positions. */
export interface RopeSettings {
  /** Base of the frequencies. */
  theta: number;
  /** Channels of a head that are turned; all where it equals the head's width. */
  dim: number;
  /** Which two channels are turned together: c and c + dim / 2, or 2c and 2c + 1 (DeepSeek). */
  pairs: "halves" | "neighbours";
  /** How frequencies are stretched for longer contexts; not at all where absent. */
  scaling?: RopeScaling;
}

/** Stretched frequencies. */
export type RopeScaling =
  /** All positions divided by a factor. */
  | { kind: "linear"; factor: number }
  /** Low frequencies alone, with a band between (Llama 3.1). */
  | { kind: "llama3"; factor: number; lowFactor: number; highFactor: number; length: number }
  /**
   * YaRN (arXiv 2309.00071): frequencies between `slow` and `fast` turns within the original `length`
   * are blended; cosines and sines are multiplied by `magnitude`.
   */
  | {
    kind: "yarn";
    factor: number;
    length: number;
    fast: number;
    slow: number;
    /** Whether the ends of the band are rounded to whole channels. */
    rounded: boolean;
    magnitude: number;
  };

/** How a router turns logits into choices and weights. */
export interface RouterSettings {
  /** Scores of all experts; "chosen" takes the softmax over the logits of those chosen alone. */
  score: "softmax" | "sigmoid" | "chosen";
  /** Whether the weights of the chosen are divided by their sum. */
  normalised: boolean;
  /** Factor of the weights. */
  scale: number;
  /** Score of a group of experts, where groups are limited: its best expert, or its best two added. */
  groupScore: "best" | "best-two";
}

/** The activation of gated networks, where it is not silu(gate) * up. */
export interface ClampedGate {
  /** gate is at most this; up lies within plus and minus it. */
  limit: number;
  /** gate * sigmoid(alpha * gate). */
  alpha: number;
}

/** All of them; see the module. */
export interface RunSettings {
  /** Added to mean squares before the root. */
  normEps: number;
  /** Positions. */
  rope: RopeSettings;
  /** Factor of query times key. */
  attentionScale: number;
  /** The router, where there are experts. */
  router?: RouterSettings;
  /** gpt-oss: (up + 1) * gate * sigmoid(alpha * gate), both clamped (arXiv 2508.10925). */
  clamped?: ClampedGate;
  /** Tokens that end a text. */
  ends: readonly number[];
}
