/**
 * An expert layer with its gate, from a row of the table: what reads where, who is chosen, what comes
 * out.
 *
 * @module
 */
import type { Gate, Gated, GateRun, GateShape, GateTensor } from "../gates/gate.ts";
import { UserError } from "../../kernels/base/errors.ts";
import { fittingExperts } from "../gates/check.ts";
import { gateOf } from "../gates/pipeline.ts";
import { expertRanges } from "../gates/zero_experts.ts";
import { within } from "../nn/gating.ts";
import type { ExpertCompute } from "../programs/chosen_experts.ts";
import { prefixed } from "../programs/program.ts";
import type { Applied } from "./kind.ts";
import { productKeyGate } from "./product_key_gate.ts";
import type { ExpertRecipe } from "./recipe.ts";
import type { ExpertShape, ReadsSpec } from "./specs.ts";
import { applyExperts, expertParameters, expertStates } from "./table.ts";

/** Sizes of a layer before a recipe cuts its experts. */
export interface ExpertLayerShape extends GateShape {
  /** Width of an expert. */
  width: number;
  /** Rows of an image. */
  imageRows?: number;
}

/** What the layer before left, [T, D] each: what it read, had after its attention, and gave. */
export type Earlier<A> = Readonly<Record<Exclude<ReadsSpec, "here">, A>>;

/** Where a layer runs: a gate's run, its input being what the layer reads. */
export interface ExpertLayerRun<A, I> extends Omit<GateRun<A, I>, "shape"> {
  /** Sizes. */
  shape: ExpertLayerShape;
  /** What the layer before left; for experts that read it. */
  earlier?: Earlier<A>;
  /** Which experts compute for a token; "all" where absent, and for kinds that know no other way. */
  compute?: ExpertCompute;
}

/** What a layer gives. */
export interface ExpertLayerOutput<A, I> extends Applied<A> {
  /** What the gate did; its losses are among the layer's. */
  gated: Gated<A, I>;
  /** New values of the gate's states by their names in the layer, such as "gate.bias". */
  states: Record<string, A>;
}

/**
 * Sizes of the gate and of the experts behind it. Where a gate cannot have as many experts as wanted
 * (product keys want a square number), it has the nearest number that it can.
 *
 * @throws {UserError} where no number near it works.
 */
export function shapesOf(
  recipe: ExpertRecipe,
  shape: ExpertLayerShape,
): { gate: GateShape; experts: ExpertShape } {
  const { cut = 1, many = 1 } = recipe;
  const { width, imageRows, ...rest } = shape;
  const { dModel, tokens, length } = shape;
  const use = { ...rest, experts: shape.experts * cut * many, causal: recipe.where !== "image" };
  const experts = fittingExperts(recipe.gate, use);
  const gate = { ...rest, experts, topK: shape.topK * cut };
  const { networks } = expertRanges(recipe.gate, gate.experts);
  return {
    gate,
    experts: {
      ...{ dModel, tokens, length, experts: networks, width: width / cut },
      ...imageRows !== undefined && { imageRows },
    },
  };
}

/** The gate of a recipe: by retrieval where its experts are looked up, else as the table says. */
export function gateOfExperts({ gate, routed }: ExpertRecipe): Gate {
  return routed.kind === "neuron" ? productKeyGate(gate) : gateOf(gate);
}

/** What the names of a gate's tensors begin with in a layer. */
const GATE = "gate.";

/**
 * Parameters of a layer by name; those of its gate begin with "gate.".
 *
 * @throws {UserError} where the gate cannot serve the sizes: why, and what would work.
 */
export function expertLayerParameters(
  recipe: ExpertRecipe,
  shape: ExpertLayerShape,
): Record<string, GateTensor> {
  const { gate, experts } = shapesOf(recipe, shape);
  if (!Number.isInteger(experts.width)) {
    throw new UserError(
      `Cannot cut experts of width ${shape.width} for "${recipe.id}": wanted a multiple of ` +
        `${recipe.cut}`,
    );
  }
  return {
    ...prefixed(GATE, gateOfExperts(recipe).parameters(gate)),
    ...expertParameters(recipe, experts),
  };
}

/** States of a layer by name; those of its gate begin with "gate.". */
export function expertLayerStates(
  recipe: ExpertRecipe,
  shape: ExpertLayerShape,
): Record<string, GateTensor> {
  const { gate, experts } = shapesOf(recipe, shape);
  return {
    ...prefixed(GATE, gateOfExperts(recipe).states(gate)),
    ...expertStates(recipe, experts),
  };
}

/**
 * Runs a layer.
 *
 * @throws {RangeError} where experts read a layer before that is not there.
 *
 * @example A fixed network beside a choice of experts
 * ```ts
 * import {
 *   expertLayer, expertLayerParameters, expertRecipeById, hostArrays, hostIndices, hostMatrix,
 * } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const recipe = expertRecipeById("experts-residual");
 * const shape = {
 *   ...{ dModel: 2, experts: 2, topK: 1, width: 4, tokens: 3, length: 3, vocabulary: 4 },
 *   ...{ tags: 1, layer: 0, layers: 1 },
 * };
 * const w = Object.fromEntries(
 *   Object.entries(expertLayerParameters(recipe, shape)).map(([name, { shape }]) =>
 *     [name, hostMatrix(shape, Array(shape[0] * shape[1]).fill(0.5))]
 *   ),
 * );
 * const ids = hostIndices([3, 1], [0, 1, 2]);
 * const { y, losses } = expertLayer({
 *   ...{ g: hostArrays({ seed: 1 }), w, state: {}, shape, training: true },
 *   input: { x: hostMatrix([3, 2], [1, 2, 3, 4, 5, 6]), tokens: ids, before: ids, tags: ids },
 * }, recipe);
 * assertEquals([y.shape, losses.map(({ name }) => name)], [[3, 2], ["balance"]]);
 * ```
 */
export function expertLayer<A, I>(
  run: ExpertLayerRun<A, I>,
  recipe: ExpertRecipe,
): ExpertLayerOutput<A, I> {
  const { g, w, state, input, training, earlier, compute } = run;
  const { reads = "here" } = recipe;
  if (reads !== "here" && earlier === undefined) {
    throw new RangeError(
      `Ran "${recipe.id}" in a first layer: its experts read the ${reads} of the layer before`,
    );
  }
  const routed = reads === "here" ? input.x : earlier![reads];
  const { gate, experts } = shapesOf(recipe, run.shape);
  const gated = gateOfExperts(recipe).route({
    ...{ g, w: within(w, GATE), state: within(state, GATE), shape: gate, training },
    input: { ...input, x: routed },
  });
  const { y, losses } = applyExperts(
    { g, w, state, shape: experts, x: input.x, routed, gated, compute },
    recipe,
  );
  return { y, losses: [...gated.losses, ...losses], gated, states: prefixed(GATE, gated.state) };
}
