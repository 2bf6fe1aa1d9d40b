/**
 * The experts of a layer: the router's choice, grouped products with the chosen networks, and shared
 * experts beside them. Nothing is read back in between.
 *
 * gpt-oss (arXiv 2508.10925) has biases in its experts and a clamped activation, (up + 1) * gate *
 * sigmoid(alpha * gate): there the grouped product keeps its sums, and a pointwise kernel, which finds
 * the bias of each row's expert, does the rest.
 *
 * @module
 */
import {
  combine,
  gemm,
  groupedGemm,
  groupedGemmGated,
  groupTensors,
  groupTokens,
  type Recorder,
  router,
  type RouterOptions,
  type Routing,
  type Tensor,
  type TokenGroups,
} from "../../kernels/mod.ts";
import { addRowBias, biasedActivation } from "./expert_bias.ts";
import { sharedExperts } from "./network.ts";
import { inLayer, type LayerRun } from "./running.ts";

/** How the router's kernel chooses and weighs. */
function scoringOf({ running: { model, settings } }: LayerRun): RouterOptions {
  const { topK, router: { limit } } = model.moe!;
  const { score, normalised, scale, groupScore } = settings.router!;
  const by = groupScore === "best" ? "max" : "top2";
  return {
    ...{ topK, scale, scores: score === "sigmoid" ? "sigmoid" : "softmax" },
    // Softmax over the chosen logits is that over all, divided by the sum of the chosen.
    renormalise: score === "chosen" || normalised,
    ...limit && { groups: { count: limit.groups, chosen: limit.chosen, by } },
  };
}

/** The choice of a layer, and the logits [T, E] that it was made of, all of them the caller's. */
export interface LayerRouting extends Routing {
  /** What the router gave before any scores, f32. */
  logits: Tensor;
}

/** Experts of each row of x and their weights. */
function chooseExperts(recorder: Recorder, x: Tensor, options: LayerRun): LayerRouting {
  const { running: { weights, kernels } } = options;
  const label = inLayer(options, "moe.router");
  const logits = gemm(recorder, x, {
    ...{ b: weights.product(label), bias: weights.find(`${label}.bias`) },
    ...{ label, variant: kernels.gemm },
  });
  const bias = weights.find(inLayer(options, "moe.balance"));
  return { ...router(recorder, logits, { ...scoringOf(options), bias, label }), logits };
}

/** Activations of the rows of each expert. */
function rise(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { groups: TokenGroups; ids: Tensor },
): Tensor {
  const { running: { weights, kernels, settings: { clamped } }, groups, ids } = options;
  const label = inLayer(options, "moe.up");
  const bias = weights.find(`${label}.bias`);
  const own = bias !== undefined || clamped !== undefined;
  const { y, kept } = groupedGemmGated(recorder, x, {
    ...{ w: weights.product(label), groups, gate: "silu", label, variant: kernels.grouped },
    keep: own,
  });
  if (!own) return y;
  recorder.pool.release(y);
  const h = biasedActivation(recorder, kept!, { groups, ids, bias, clamped });
  recorder.pool.release(kept!);
  return h;
}

/**
 * residual + the experts of x[T, D]. `routing`, u32 ids and f32 weights [T * K] and logits [T, E], is
 * the caller's to release.
 */
export function experts(
  recorder: Recorder,
  x: Tensor,
  options: LayerRun & { residual: Tensor },
): { y: Tensor; routing: LayerRouting } {
  const { running: { model: { moe }, weights, kernels }, residual, layer } = options;
  const { pool } = recorder;
  const { topK } = moe!;
  const routing = chooseExperts(recorder, x, options);
  const { ids } = routing;
  const variant = kernels.grouped;
  const groups = groupTokens(recorder, ids, {
    ...{ experts: layer.experts, tileRows: variant.rows, topK },
  });
  const h = rise(recorder, x, { ...options, groups, ids });
  const label = inLayer(options, "moe.down");
  const rows = groupedGemm(recorder, h, { w: weights.product(label), groups, label, variant });
  pool.release(h);
  const bias = weights.find(`${label}.bias`);
  if (bias) addRowBias(recorder, rows, { groups, ids, bias });
  const extra = sharedExperts(recorder, x, options);
  const y = combine(recorder, rows, {
    ...{ places: groups.places, weights: routing.weights, topK, extra },
  });
  pool.release(rows, ...groupTensors(groups), ...(extra === residual ? [] : [extra]));
  return { y, routing };
}
