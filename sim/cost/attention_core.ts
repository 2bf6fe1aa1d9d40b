/**
 * Attention itself, between the products around it: what a ring of context ranks works on block by
 * block.
 *
 * @module
 */
import type { CostSite } from "./groups.ts";
import { addAttention, emptyLayer } from "./layer_parts.ts";
import type { LayerCost } from "./phases.ts";

type CoreSite = Omit<CostSite, "groups">;

/** Share of the keys that an average layer's queries see. */
function keysSeen({ sizes, split }: CoreSite): number {
  const { window } = sizes.attention;
  if (!window) return split.keys;
  return (split.keys + (window.every - 1) * split.windowKeys) / window.every;
}

/**
 * Adds softmax attention, and in models with linear attention an average layer's part of each; `again`
 * says whether softmax attention is computed again, `full` whether everything is.
 */
export function addCore(
  layer: LayerCost,
  site: CoreSite,
  { again, full }: { again: boolean; full: boolean },
): void {
  const { sizes: { attention: a }, split, machine } = site;
  const { tokens, tp } = split;
  const softmax = a.linear ? 1 / a.linear.every : 1;
  addAttention({ layer, slot: "mixerSeconds", again }, {
    heads: softmax * split.sequences * a.heads / tp,
    queries: split.queries,
    keys: keysSeen(site),
    storedKeys: 2 * split.keys,
    qkDim: a.qkDim,
    vDim: a.vDim,
  }, machine);
  if (!a.linear) return;
  const { heads, stateDim, headDim } = a.linear;
  const flops = 6 * tokens * heads / tp * stateDim * headDim * (1 - softmax);
  const seconds = flops * machine.wide.attention.forward.secondsPerFlop;
  layer.forward.mixerSeconds += seconds;
  layer.backwardInput.mixerSeconds += seconds * (full ? 3 : 2);
  layer.forward.flops += flops;
  layer.backwardInput.flops += flops * (full ? 3 : 2);
}

/** Seconds of attention itself in either pass, nothing computed again. */
export function coreSeconds(site: CoreSite): { forward: number; backward: number } {
  const layer = emptyLayer("dense");
  addCore(layer, site, { again: false, full: false });
  return { forward: layer.forward.mixerSeconds, backward: layer.backwardInput.mixerSeconds };
}
