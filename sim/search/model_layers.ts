/**
 * Layers of a whole model by kind.
 *
 * @module
 */
import { kindOf } from "../cost/layout.ts";
import type { LayerKind } from "../cost/phases.ts";
import type { SearchSite } from "./problem.ts";
import { layerKinds } from "./stage_shapes.ts";

/** Layers of the whole model, in the order of `layerKinds`. */
export function modelLayers({ sizes }: Pick<SearchSite, "sizes">): number[] {
  const counts = new Map<LayerKind, number>([["embedding", 1], ["head", 1]]);
  counts.set("mtp", sizes.mtpLayers);
  for (let i = 0; i < sizes.layers; i++) {
    const kind = kindOf(i, sizes);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return layerKinds.map((kind) => counts.get(kind) ?? 0);
}
