/**
 * Parameters of the parts of one layer. Each part says all of them and those that a token uses.
 *
 * @module
 */
import { isGated } from "./activation.ts";
import { always, type Count } from "./count.ts";
import type { ModelLayer } from "./layers.ts";
import { innerNorms } from "./mixer_counts.ts";
import type { FfnSpec, Model, RouterSpec } from "./model.ts";

/** A dense feed-forward network, or one expert. */
export function ffnCount(ffn: FfnSpec, d: number): Count {
  const into = isGated(ffn.activation) ? 2 : 1;
  return always((into + 1) * d * ffn.width, ffn.bias ? into * ffn.width + d : 0);
}

/** A router over `e` experts. */
export function routerCount(router: RouterSpec, d: number, e: number): Count {
  const weights = { linear: d * e, mlp: d * e + e * e, attention: 3 * d * e }[router.kind];
  return always(weights, router.bias ? e : 0);
}

/** Norms of one layer, those inside its mixer included. */
export function normCount(model: Model, layer: ModelLayer): Count {
  const { norm, dModel } = model;
  const each = norm.bias ? 2 : 1;
  const outer = (norm.perLayer + (layer.crossAttention ? 1 : 0)) * dModel * each;
  return always(0, outer + innerNorms(model, layer) * each);
}
