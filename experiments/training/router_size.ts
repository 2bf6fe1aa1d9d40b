/**
 * What a trained model costs: FLOP of a token, with the experts that its router really used.
 *
 * @module
 */
import type { GateShape } from "../../core/gates/gate.ts";
import { flopsPerToken } from "../../core/spec/flops.ts";
import type { Model } from "../../core/spec/model.ts";
import { type Estimate, exactly } from "../../kernels/base/estimate.ts";
import type { LayerFigures, RouterFigures, RouterRun } from "./router_run.ts";
import { overLayers, type SeedGroup } from "./seed_groups.ts";
import { layerFlopsOf, type LayerPlan } from "./sizing/layer_size.ts";
import { planLayer } from "./sizing/plan_layer.ts";

/** The sizes that the gates of a run see, in its first layer. */
export function gateShapeOf({ model, training }: Pick<RouterRun, "model" | "training">): GateShape {
  const { sequences, length, domains, steps } = training;
  const { experts, topK } = model.moe!;
  return {
    ...{ dModel: model.dModel, experts, topK, tokens: sequences * length, length },
    ...{ vocabulary: model.embedding.vocab, tags: domains, layer: 0, layers: model.layers, steps },
  };
}

/** FLOP of a token outside of the networks: attention and output layer. */
function flopsAround(model: Model, { objective, training }: RouterRun): number {
  const { attention, head } = flopsPerToken(model, { sequence: training.length });
  // What attends both ways reads all of the sequence, not half of it.
  const core = objective === "masked" ? 2 * model.layers * training.length * model.dModel : 0;
  return attention + core + head;
}

/** Experts that computed for a token of a layer, those left out that are no networks. */
function passesOf({ kept_E }: LayerFigures, { heldOutTokens }: RouterFigures, networks: number) {
  return kept_E.slice(0, networks).reduce((sum, n) => sum + n, 0) / heldOutTokens;
}

/** FLOP of the forward pass of a token: by formula, or with experts as they were counted. */
export function tokenFlopsOf(group: SeedGroup): Estimate {
  const { run } = group;
  const { model, recipe } = run;
  const around = flopsAround(model, run);
  if (!recipe) {
    const { ffn } = flopsPerToken(model, { sequence: run.training.length });
    return exactly(around + ffn, "formula");
  }
  const plan: LayerPlan = planLayer(recipe, gateShapeOf(run));
  const { width } = model.moe!;
  const whole = (passes: number) =>
    around + model.layers * layerFlopsOf({ ...plan, usage: { ...plan.usage, passes } }, width);
  const counted = plan.usage.depends
    ? overLayers(group, (layer, figures) => passesOf(layer, figures, plan.networks))
    : undefined;
  if (!counted) return exactly(whole(plan.usage.passes), "formula");
  const { value, lo, hi, n } = counted;
  return {
    ...{ value: whole(value), lo: whole(lo), hi: whole(hi), n },
    method: "formula, with the experts that were counted; least and greatest of layers and seeds",
  };
}
