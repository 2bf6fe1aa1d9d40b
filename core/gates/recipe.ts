/**
 * A gate as a row of a table: which score, which choice, which weights, what is dropped, what keeps
 * experts busy. Two works that differ in one field are two rows that differ in one field.
 *
 *     score    x_TD -> logits_TE       one of `score/`
 *     select   logits_TE -> ids_TK     one of `select/`
 *     weigh    logits, ids -> weights  one of `weigh/`
 *     cap      ids -> ids              who is dropped where an expert has no room
 *     balance  losses and controllers, `core/losses/`
 *
 * @module
 */
import type { BalanceSpec } from "../losses/specs.ts";
import type { CapSpec } from "./cap/specs.ts";
import type { ScoreSpec } from "./score/specs.ts";
import type { SelectSpec } from "./select/specs.ts";
import type { WeighSpec } from "./weigh/specs.ts";

/** What a work does in training beside the loss of its gate. */
export type TrainingSpec =
  /** Each batch passes twice, and the two predictions are drawn together (THOR). */
  | { kind: "consistency"; weight: number }
  /** The first `share` of all steps train the teacher, the rest the router that learned from it. */
  | { kind: "stages"; share: number }
  /**
   * A model of the loss is trained beside; in the last `share` of the steps it is frozen, and the
   * router trained through it (FLEXTRON).
   */
  | { kind: "surrogate"; width: number; share: number }
  /**
   * Experts nobody wants are removed, and added where tokens find none: every so many steps, or after
   * each such `share` of the training where that comes sooner (DYNMoE).
   */
  | { kind: "grow"; every: number; share: number }
  /** The gradient of the choice is the loss of each token times that of its log-probability. */
  | { kind: "reinforce"; baseline: number };

/** What a work does when the model is used. */
export type DecodingSpec =
  /** Logits of the chosen experts against those of a weaker choice (self-contrast). */
  | { kind: "contrast"; alpha: number; beta: number; rank: number }
  /** A mixture over all experts by the posterior of the domain (DEMix). */
  | { kind: "posterior"; prior: "uniform" | "updating" | "cached"; keep: number }
  /** Experts are averaged, or one is drawn (THOR). */
  | { kind: "ensemble" };

/** A published gate; see the module. */
export interface GateRecipe {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey (arXiv 2407.06204), such as "4.1.1"; "later" for works it leaves out. */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** Scores. */
  score: ScoreSpec;
  /** Choices. */
  select: SelectSpec;
  /** Weights. */
  weigh: WeighSpec;
  /** Room of the experts; none means that no choice is ever dropped. */
  cap?: CapSpec;
  /** Losses and controllers. */
  balance: readonly BalanceSpec[];
  /** Factor of all weights; 1 where absent. */
  scale?: number;
  /** Shared experts beside the routed ones; 0 where absent. */
  shared?: number;
  /** Of the routed experts, how many are no networks; they come last. */
  zeroExperts?: { null?: number; copy?: number; constant?: number };
  /** In training. */
  training?: TrainingSpec;
  /** In use. */
  decoding?: DecodingSpec;
  /**
   * Whether it can serve a causal decoder: a token's expert must not depend on tokens after it.
   * Where it cannot, `nearest` is the recipe that can.
   */
  causal: boolean;
  /** Id of the nearest recipe that serves a causal decoder. */
  nearest?: string;
  /**
   * Fields whose values no source confirms, with what they are: defaults of this suite, never figures
   * of the work.
   */
  unverified?: Readonly<Record<string, string>>;
}
