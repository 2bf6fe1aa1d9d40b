/**
 * Kinds of experts as rows of a table: a gate, and what it chooses among. Two works that differ in one
 * field are two rows that differ in one field.
 *
 * @module
 */
import type { GateRecipe } from "../gates/recipe.ts";
import type { ExpertSpec } from "./specs.ts";

/** A published kind of experts; see the module. */
export interface ExpertRecipe extends ExpertSpec {
  /** Lower case with hyphens. */
  id: string;
  /** The work's name, as people write it. */
  name: string;
  /** arXiv id of the work, null where there is none. */
  arxiv: string | null;
  /** Section of the survey (arXiv 2407.06204), such as "4.2.4"; "later" for works it leaves out. */
  section: string;
  /** What is special about it, in a sentence. */
  idea: string;
  /** What the experts stand in for: the network of a block, its attention, or a layer of an image. */
  where: "network" | "attention" | "image";
  /** The gate. */
  gate: GateRecipe;
  /** Each expert is cut into so many, as much narrower (DeepSeekMoE); 1 where absent. */
  cut?: number;
  /** For each expert of others there are so many of these; 1 where absent. */
  many?: number;
  /** What training does beside a step: who learns by turns, or who becomes static. */
  training?: ExpertTraining;
  /**
   * Fields whose values no source confirms, with what they are: defaults of this suite, never figures
   * of the work.
   */
  unverified?: Readonly<Record<string, string>>;
}

/** What training does beside a step. */
export type ExpertTraining =
  /**
   * Router and experts learn by turns of `turn` steps, from images moved by `strength` against the
   * model (ADVMOE).
   */
  | { kind: "adversarial"; turn: number; strength: number }
  /** Every so many steps the positions of least impact become static, until a `share` is (PAD-Net). */
  | { kind: "partial"; every: number; share: number };
