/**
 * Parameters and FLOP of a layer with experts, and the width of its experts that makes two layers
 * equal in one of the two.
 *
 * Experts are gated networks of three matrices. A multiply-add is two FLOP; what is counted is the
 * forward pass of a token, choices and norms left out, as everywhere in this suite.
 *
 * @module
 */
import type { Usage } from "./usage.ts";

/** A layer, its experts' width left open. */
export interface LayerPlan {
  /** Model width D. */
  dModel: number;
  /** Experts that are networks. */
  networks: number;
  /** Shared experts, as wide as the others. */
  shared: number;
  /** How it uses them. */
  usage: Usage;
  /** Parameters of the gate. */
  gateParameters: number;
  /** FLOP of the gate, a token. */
  gateFlops: number;
}

/** What layers can be equal in. */
export type Equal = "flops" | "parameters";

/** Matrices of an expert. */
const MATRICES = 3;

/** Widths are multiples of this, as the kernels want. */
const STEP = 8;

/** Parameters of a layer with experts of a width. */
export function layerParameters(plan: LayerPlan, width: number): number {
  const { dModel, networks, shared, gateParameters } = plan;
  return (networks + shared) * MATRICES * dModel * width + gateParameters;
}

/** FLOP of a layer's forward pass for one token, with experts of a width. */
export function layerFlopsOf(plan: LayerPlan, width: number): number {
  const { dModel, shared, usage, gateFlops } = plan;
  const { passes, merged, slots } = usage;
  const products = 2 * MATRICES * dModel * width * (passes + shared + merged);
  // Tokens are mixed into slots, and slots combined into tokens.
  return products + 2 * 2 * slots * dModel + gateFlops;
}

const measures: Record<Equal, (plan: LayerPlan, width: number) => number> = {
  flops: layerFlopsOf,
  parameters: layerParameters,
};

/** A width, and how far the layer is from what it should equal. */
export interface FittedWidth {
  /** Width of an expert. */
  width: number;
  /** Its FLOP or parameters over those wanted. */
  ratio: number;
}

/**
 * The width at which a layer's FLOP or parameters are nearest to those wanted: a multiple of 8 from 8
 * to `most`. The ratio says what that left.
 *
 * @throws {RangeError} where `most` is below 8.
 *
 * @example Of two experts a token, half as many are twice as wide
 * ```ts
 * import { fitWidth, layerFlopsOf } from "@moelab/moelab/experiments";
 * import { assertEquals } from "@std/assert";
 *
 * const usage = { passes: 2, merged: 0, slots: 0, depends: false };
 * const top2 = { dModel: 64, networks: 8, shared: 0, usage, gateParameters: 0, gateFlops: 0 };
 * const top1 = { ...top2, usage: { ...usage, passes: 1 } };
 * const wanted = layerFlopsOf(top2, 64);
 * assertEquals(fitWidth(top1, { equal: "flops", wanted, most: 512 }), { width: 128, ratio: 1 });
 * ```
 */
export function fitWidth(
  plan: LayerPlan,
  options: { equal: Equal; wanted: number; most: number },
): FittedWidth {
  const { equal, wanted, most } = options;
  if (!(most >= STEP)) throw new RangeError(`Cannot fit a width of at most ${most}: wanted from 8`);
  const of = (width: number) => measures[equal](plan, width);
  // Both are straight lines over the width.
  const slope = (of(2 * STEP) - of(STEP)) / STEP;
  const exact = slope > 0 ? STEP + (wanted - of(STEP)) / slope : STEP;
  const highest = Math.floor(most / STEP) * STEP;
  const width = Math.min(highest, Math.max(STEP, Math.round(exact / STEP) * STEP));
  return { width, ratio: of(width) / wanted };
}
