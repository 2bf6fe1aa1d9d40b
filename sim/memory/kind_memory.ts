/**
 * What one layer of a kind adds to a stage: parameters, kept tensors, working memory.
 *
 * @module
 */
import { kindParameters } from "../cost/parameters.ts";
import type { LayerKind } from "../cost/phases.ts";
import type { ExpertLoad } from "./expert_load.ts";
import type { KindCounts } from "./kind_counts.ts";
import { isKept, visitTensors } from "./layer_tensors.ts";
import { type MemorySite, wideBytes } from "./site.ts";
import { layerWorking } from "./working.ts";

/** One layer on one rank; activations of one micro-batch. */
export interface KindMemory {
  /** Parameters that data ranks share. */
  parameters: number;
  /** Parameters of routed experts. */
  expertParameters: number;
  /** Kept for the backward pass, bytes. */
  keptBytes: number;
  /** Computed again for the backward pass: one layer's at a time, bytes. */
  recomputedBytes: number;
  /** Beside these at the worst moment of the layer, bytes. */
  workingBytes: number;
}

const nothing: KindMemory = {
  parameters: 0,
  expertParameters: 0,
  keptBytes: 0,
  recomputedBytes: 0,
  workingBytes: 0,
};

/** The memory of one layer of a kind; nothing where the model has none. */
export function kindMemory(
  kind: LayerKind,
  site: MemorySite,
  load: ExpertLoad,
): KindMemory {
  const { sizes, plan } = site;
  if (kind === "moe" && sizes.moe === undefined) return nothing;
  if (kind === "mtp" && sizes.mtpLayers === 0) return nothing;
  let kept = 0;
  let recomputed = 0;
  let freed = 0;
  let first = true;
  visitTensors(kind, site, load.mean, (part, name, bytes, spared, sparedToo) => {
    if (isKept(site, { name, first, spared, sparedToo })) kept += bytes;
    else recomputed += bytes;
    first = false;
    if (part !== "norm" && part !== "attention") freed += bytes;
  });
  const { split, whole, experts } = kindParameters(kind, sizes);
  return {
    parameters: split / plan.tp + whole,
    expertParameters: experts / (plan.ep * plan.etp),
    keptBytes: kept,
    recomputedBytes: recomputed,
    workingBytes: layerWorking(kind, site, { load: load.largest, freed }),
  };
}

/**
 * Placeholders for gradients of weights, one for each shape of matrices that a stage has: those of
 * attention once, of the feed-forward parts, of one expert.
 */
export function placeholderBytes(site: MemorySite, counts: KindCounts): number {
  const { sizes, plan, habits } = site;
  if (!habits.placeholders) return 0;
  const { dModel, ffnMatrices, moe } = sizes;
  const of = kindParameters("dense", sizes);
  const ffn = (ffnMatrices * dModel * sizes.ffnWidth) / plan.tp;
  const norms = sizes.norms.perLayer * dModel * (sizes.norms.bias ? 2 : 1);
  let elements = of.split / plan.tp + of.whole - norms - ffn;
  if (counts.dense > 0 || (counts.mtp > 0 && !moe)) elements += ffn;
  if (counts.moe + counts.mtp > 0 && moe) {
    elements += ffnMatrices * dModel * (moe.width / plan.etp + moe.sharedWidth / plan.tp);
  }
  if (counts.head) elements += (sizes.vocab * dModel) / plan.tp;
  return elements * wideBytes;
}
