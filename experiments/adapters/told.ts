/**
 * What the gates of a recipe are told of a text beside its tokens.
 *
 * @module
 */
import { gateRecipeOf } from "../../core/adapters/places.ts";
import type { AdapterRecipe } from "../../core/adapters/specs.ts";

/** The domain or the cluster of a text, or nothing, in use; what only a training is told does not count. */
export function toldOf({ parts }: Pick<AdapterRecipe, "parts">): "domain" | "cluster" | "nothing" {
  const reading = parts.find((part) => {
    const gate = gateRecipeOf(part);
    if (gate === undefined) return false;
    const { score, select } = gate;
    return score.of === "tag" || score.kind === "by-tag" || /^(tag|kinds)/.test(select.kind);
  });
  if (reading === undefined) return "nothing";
  return reading.tags === "cluster" ? "cluster" : "domain";
}
