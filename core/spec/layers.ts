/**
 * The layers of a model, one record each: what mixes tokens and what transforms them.
 *
 * @module
 */
import type { ExpertPlacement, Model } from "./model.ts";

/** One layer. */
export interface ModelLayer {
  /** From 0, the encoder's layers first. */
  index: number;
  /** Which stack it belongs to. */
  stack: "encoder" | "decoder";
  /** What mixes the tokens; nothing in a block that is a network alone. */
  mixer: "attention" | "linear" | "mamba" | "mamba2" | "none";
  /** Keys that a query of its attention sees at most, where that is a window. */
  window?: number;
  /** Whether it also attends to the encoder's output. */
  crossAttention: boolean;
  /** What transforms each token; nothing in a block that is a mixer alone. */
  network: "dense" | "experts" | "none";
  /** Routed experts, 0 in a layer without. */
  experts: number;
}

/** The layers that a list or a pyramid names. */
export function placedLayers(placement: ExpertPlacement): number[] {
  switch (placement.kind) {
    case "list":
      return placement.layers;
    case "pyramid":
      return placement.groups.flatMap((g) => g.layers);
    default:
      return [];
  }
}

/** Experts of a layer: `index` counts over both stacks, `position` within its own. */
function expertsAt(model: Model, index: number, position: number): number {
  const { moe } = model;
  if (!moe) return 0;
  const at = moe.placement;
  switch (at.kind) {
    case "every":
      return position % at.step === at.offset ? moe.experts : 0;
    case "after":
      return position >= at.first ? moe.experts : 0;
    case "list":
      return at.layers.includes(index) ? moe.experts : 0;
    case "pyramid":
      return at.groups.find((g) => g.layers.includes(index))?.experts ?? 0;
  }
}

/** What a letter of {@linkcode Model.blocks} stands for. */
const letters: Readonly<Record<string, Pick<ModelLayer, "mixer" | "network">>> = {
  "M": { mixer: "mamba2", network: "none" },
  "*": { mixer: "attention", network: "none" },
  "E": { mixer: "none", network: "experts" },
  "-": { mixer: "none", network: "dense" },
};

function mixerAt({ mamba, linear }: Model, position: number): ModelLayer["mixer"] {
  if (mamba && position % mamba.attentionEvery !== mamba.attentionOffset) return "mamba";
  if (linear && position % linear.softmaxEvery !== linear.softmaxOffset) return "linear";
  return "attention";
}

/** The window of a layer with attention, where it does not see all keys. */
function windowAt({ attention }: Model, position: number): number | undefined {
  if (!("window" in attention) || !attention.window) return undefined;
  const { size, fullEvery, fullOffset } = attention.window;
  return position % fullEvery === fullOffset ? undefined : size;
}

/**
 * All layers of a model in order, without modules that predict further tokens.
 *
 * @example
 * ```ts
 * import { layersOf, modelPreset } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const layers = layersOf(modelPreset("deepseek-v3"));
 * assertEquals(layers.filter((layer) => layer.experts === 0).length, 3);
 * ```
 */
export function layersOf(model: Model): ModelLayer[] {
  const { blocks, encoderLayers, layers, moe } = model;
  return Array.from({ length: encoderLayers + layers }, (_, index) => {
    const encoder = index < encoderLayers;
    const position = encoder ? index : index - encoderLayers;
    const block = blocks === undefined ? undefined : letters[blocks[index]];
    const experts = block
      ? block.network === "experts" ? moe?.experts ?? 0 : 0
      : expertsAt(model, index, position);
    const mixer = block?.mixer ?? mixerAt(model, position);
    const window = mixer === "attention" ? windowAt(model, position) : undefined;
    return {
      index,
      stack: encoder ? "encoder" : "decoder",
      mixer,
      ...(window !== undefined && { window }),
      crossAttention: !encoder && encoderLayers > 0,
      network: block?.network ?? (experts > 0 ? "experts" : "dense"),
      experts,
    };
  });
}

/** Kinds of mixers that a model's layers have, and in how many layers each is. */
export function mixerCounts(model: Model): Partial<Record<ModelLayer["mixer"], number>> {
  const counts: Partial<Record<ModelLayer["mixer"], number>> = {};
  for (const { mixer } of layersOf(model)) counts[mixer] = (counts[mixer] ?? 0) + 1;
  return counts;
}
