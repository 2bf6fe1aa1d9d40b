/**
 * A gate in the layers of a model: its sizes, parameters and states, and how a layer's tokens pass it.
 *
 * @module
 */
import type { Tensor } from "../../kernels/mod.ts";
import type { Arrays } from "../arrays/arrays.ts";
import { checkRecipe } from "../gates/check.ts";
import type { Gate, Gated, GateShape, GateTensor } from "../gates/gate.ts";
import { gateOf } from "../gates/pipeline.ts";
import type { GateRecipe } from "../gates/recipe.ts";
import { expertRanges } from "../gates/zero_experts.ts";
import { layersOf } from "../spec/layers.ts";
import type { Model } from "../spec/model.ts";
import type { Variable } from "./tape.ts";

/** A gate and its sizes in each layer of a model. */
export interface Gating {
  /** Its row in the table of recipes. */
  recipe: GateRecipe;
  /** The gate. */
  gate: Gate;
  /** Sizes by the index of the layer, for layers with experts. */
  shapes: ReadonlyMap<number, GateShape>;
}

/** Sizes of a batch and of a training. */
export interface BatchSizes {
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Different tags; 1 where absent. */
  tags?: number;
  /** Steps of the whole training, for what changes on the way. */
  steps?: number;
}

/**
 * The gate of a recipe in the layers with experts of a model.
 *
 * @throws {UserError} where the recipe cannot serve the model: why, and what would work.
 */
export function gatingOf(
  model: Model,
  options: BatchSizes & {
    recipe: GateRecipe;
    /** Whether tokens see those before them alone; true where absent. */
    causal?: boolean;
  },
): Gating {
  const { recipe, sequences, length, tags = 1, steps, causal = true } = options;
  const tokens = sequences * length;
  const { dModel, embedding: { vocab: vocabulary } } = model;
  const layers = layersOf(model).filter(({ experts }) => experts > 0);
  const shapes = layers.map(({ index, experts }, layer): [number, GateShape] => [index, {
    ...{ dModel, experts, topK: model.moe!.topK, tokens, length, vocabulary, tags },
    ...{ layer, layers: layers.length, steps },
  }]);
  for (const { experts } of layers) {
    checkRecipe(recipe, { experts, causal, tokens, length, vocabulary, tags });
  }
  return { recipe, gate: gateOf(recipe), shapes: new Map(shapes) };
}

/** Experts of a layer that are networks: those that a bank of weights has. */
export function networksOf(experts: number, gating?: Pick<Gating, "recipe">): number {
  return gating ? expertRanges(gating.recipe, experts).networks : experts;
}

const named = (tensors: Record<string, GateTensor>, where: string) =>
  Object.entries(tensors).map(([name, tensor]) => [`${where}${name}`, tensor] as const);

/** The parameters of a layer's gate by their names in the model, such as "layers.0.gate.router". */
export function gateParameters(gating: Gating, layer: number): Record<string, GateTensor> {
  const shape = gating.shapes.get(layer)!;
  return Object.fromEntries(named(gating.gate.parameters(shape), `layers.${layer}.gate.`));
}

/** The states of all gates of a model by their names in it, such as "layers.0.state.bias". */
export function gateStates({ gate, shapes }: Gating): Record<string, GateTensor> {
  return Object.fromEntries(
    [...shapes].flatMap(([layer, shape]) => named(gate.states(shape), `layers.${layer}.state.`)),
  );
}

/** The tensors of a layer under a prefix, by their names within it. */
export function within<T>(all: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/** Indices of a batch that gates read, u32 [T] each. */
export interface GateBatch {
  /** Token ids. */
  ids: Tensor;
  /** The id before each in its sequence. */
  before: Tensor;
  /** The tag of each token's sequence. */
  tags: Tensor;
}

/** Where a layer's gate runs. */
export interface RouteOptions {
  /** The gate. */
  gating: Gating;
  /** Index of the layer. */
  layer: number;
  /** The language, on the layer's tape. */
  g: Arrays<Variable, Tensor>;
  /** All weights of the model. */
  weights: Readonly<Record<string, Variable>>;
  /** All states of the model. */
  states: Readonly<Record<string, Tensor>>;
  /** The batch. */
  batch: GateBatch;
  /** Logits of the gate before. */
  logitsBefore?: Variable;
  /** Whether the model is trained. */
  training: boolean;
}

/** What a layer's gate makes of x[T, D]. */
export function route(x: Variable, options: RouteOptions): Gated<Variable, Tensor> {
  const { gating, layer, g, weights, states, batch, logitsBefore, training } = options;
  const { ids: tokens, before, tags } = batch;
  const fixed = Object.entries(within(states, `layers.${layer}.state.`))
    .map(([name, value]): [string, Variable] => [name, { value, fixed: true }]);
  return gating.gate.route({
    ...{ g, w: within(weights, `layers.${layer}.gate.`), state: Object.fromEntries(fixed) },
    ...{ shape: gating.shapes.get(layer)!, training },
    input: { x, tokens, before, tags, ...logitsBefore && { logitsBefore } },
  });
}
