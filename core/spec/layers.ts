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
  /** What mixes the tokens. */
  mixer: "attention" | "mamba";
  /** Whether it also attends to the encoder's output. */
  crossAttention: boolean;
  /** Routed experts, 0 in a layer with a dense network. */
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

/**
 * All layers of a model in order.
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
  const { encoderLayers, layers, mamba } = model;
  return Array.from({ length: encoderLayers + layers }, (_, index) => {
    const encoder = index < encoderLayers;
    const position = encoder ? index : index - encoderLayers;
    const attends = !mamba || position % mamba.attentionEvery === mamba.attentionOffset;
    return {
      index,
      stack: encoder ? "encoder" : "decoder",
      mixer: attends ? "attention" : "mamba",
      crossAttention: !encoder && encoderLayers > 0,
      experts: expertsAt(model, index, position),
    };
  });
}
