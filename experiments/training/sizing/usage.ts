/**
 * How much of its experts a router uses for a token: what equal FLOP need to know before anything
 * runs. Where the tokens decide, it is what the recipe aims at; what was used is counted afterwards.
 *
 * @module
 */
import type { GateShape } from "../../../core/gates/gate.ts";
import { choicesOf } from "../../../core/gates/pipeline.ts";
import type { GateRecipe } from "../../../core/gates/recipe.ts";
import type { SelectSpec } from "../../../core/gates/select/specs.ts";
import { expertRanges } from "../../../core/gates/zero_experts.ts";

/** Work of a router's experts for a token. */
export interface Usage {
  /** How many experts compute for it, on average. */
  passes: number;
  /** How many experts' parameters are added up for it, on average. */
  merged: number;
  /** Slots that it is mixed into and combined from. */
  slots: number;
  /** Whether the tokens decide how many experts compute. */
  depends: boolean;
}

type Kind = SelectSpec["kind"];
type Rule<K extends Kind> = (
  spec: Extract<SelectSpec, { kind: K }>,
  shape: GateShape,
) => Partial<Usage>;

const aimed = (_: unknown, { topK }: GateShape) => ({ passes: topK, depends: true });

/** Choices whose columns are not the experts that compute for a token. */
const rules: { readonly [K in Kind]?: Rule<K> } = {
  "random-second": () => ({ passes: 2, depends: true }),
  "top-any": aimed,
  "above-zero": aimed,
  above: aimed,
  dselect: ({ k }) => ({ passes: k, depends: true }),
  "expert-choice": ({ capacity }) => ({ passes: capacity }),
  depth: ({ capacity }, { experts }) => ({ passes: capacity * experts, depends: true }),
  slots: ({ perExpert }, { experts, length }) => ({
    passes: experts * perExpert / length,
    slots: experts * perExpert,
  }),
  merge: ({ over, length, k }, shape) => ({
    passes: 1,
    merged: (k ?? shape.experts) / (over === "segment" ? length ?? shape.length : shape.length),
  }),
  // The set of the token's kind and the set for all.
  kinds: ({ kinds }, { experts }) => ({ passes: 2 * experts / (kinds + 1), depends: true }),
  across: ({ group }, { experts }) => ({ passes: experts / group }),
};

/**
 * What a recipe uses for a token. Experts that are no networks take an even share of the choices.
 *
 * @example Soft MoE with one slot an expert: 8 passes for the 64 tokens of a sequence
 * ```ts
 * import { recipeById } from "@moelab/moelab/core";
 * import { usageOf } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const shape = { dModel: 64, experts: 8, topK: 2, tokens: 128, length: 64, vocabulary: 256 };
 * const site = { ...shape, tags: 4, layer: 0, layers: 2 };
 * assertEquals(usageOf(recipeById("switch"), site).passes, 1);
 * assertEquals(usageOf(recipeById("gshard"), site).passes, 2);
 * ```
 */
export function usageOf(recipe: GateRecipe, shape: GateShape): Usage {
  const { select } = recipe;
  const rule = rules[select.kind] as Rule<Kind> | undefined;
  const usage: Usage = {
    ...{ passes: 0, merged: 0, slots: 0, depends: false },
    ...(rule?.(select, shape) ?? { passes: choicesOf(recipe, shape) }),
  };
  const { networks } = expertRanges(recipe, shape.experts);
  if (networks === shape.experts) return usage;
  return { ...usage, passes: usage.passes * networks / shape.experts, depends: true };
}
