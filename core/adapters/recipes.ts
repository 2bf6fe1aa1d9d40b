/**
 * The table of published mixtures of adapters, and what they are held against.
 *
 * @module
 */
import { unknownName } from "../../kernels/base/errors.ts";
import { attentionRecipes } from "./recipes/attention.ts";
import { blockRecipes, layerRecipes } from "./recipes/block.ts";
import { networkRecipes } from "./recipes/network.ts";
import { lora, ofBlock } from "./recipes/parts.ts";
import type { AdapterRecipe } from "./specs.ts";

/** Every published mixture of adapters. */
export const adapterRecipes: readonly AdapterRecipe[] = [
  ...networkRecipes,
  ...attentionRecipes,
  ...blockRecipes,
  ...layerRecipes,
];

/** One adapter without a gate, and the tuning of all matrices: what mixtures are held against. */
export const adapterControls: readonly AdapterRecipe[] = [
  {
    ...{ id: "lora", name: "LoRA", arxiv: "2106.09685", section: "4.3", placement: "block" },
    idea: "One pair of low-rank matrices at every product.",
    parts: [{ name: "lora", adapter: lora, sites: ofBlock, experts: 1 }],
    unverified: { "parts.sites": "all products; the work tunes those of attention" },
  },
  {
    ...{ id: "full", name: "full tuning", arxiv: null, section: "4.3", placement: "block" },
    idea: "Every product is tuned as a whole.",
    parts: [{ name: "full", adapter: { kind: "full" }, sites: ofBlock, experts: 1 }],
  },
];

/**
 * A mixture of adapters, or a control, by its id.
 *
 * @throws {UserError} where there is none; it names the nearest.
 *
 * @example
 * ```ts
 * import { adapterById } from "@moelab/moelab/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(adapterById("mola").arxiv, "2402.08562");
 * assertThrows(() => adapterById("loramo"), TypeError, 'did you mean "loramoe"?');
 * ```
 */
export function adapterById(id: string): AdapterRecipe {
  const all = [...adapterRecipes, ...adapterControls];
  const found = all.find((recipe) => recipe.id === id);
  if (found === undefined) throw unknownName("adapter", id, all.map((one) => one.id));
  return found;
}
