/**
 * Feed-forward networks as things that can be cut and joined.
 *
 * A network's output is the sum over its hidden units, each a column of the gate and up matrices and a
 * row of the down matrix. So units may stand in any order, the networks of two halves of them sum to the
 * whole, and two networks side by side are one whose output is their sum.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { layersOf, type ModelLayer } from "../../spec/layers.ts";
import type { FfnSpec, Model, MoeSpec } from "../../spec/model.ts";
import { isGated } from "../../spec/activation.ts";
import type { WeightedModel } from "./model_weights.ts";

/** A network. */
export interface Network {
  /** Matrices that rise: 2 (gate, up) or 1. */
  planes: number;
  /** Model width D. */
  width: number;
  /** Hidden units F. */
  units: number;
  /** [planes, D, F]. */
  up: Float32Array;
  /** [F, D]. */
  down: Float32Array;
}

/** The dense network of a layer. */
export function networkAt({ model, weights }: WeightedModel, layer: number): Network {
  const { width: units, activation } = model.ffn!;
  const at = `layers.${layer}.ffn`;
  const planes = isGated(activation) ? 2 : 1;
  const { data: up } = weights[`${at}.up`];
  return { planes, width: model.dModel, units, up, down: weights[`${at}.down`].data };
}

/** An expert of a layer. */
export function expertAt(
  { model, weights }: WeightedModel,
  { layer, expert }: { layer: number; expert: number },
): Network {
  const { width: units, activation } = model.moe!;
  const { dModel: width } = model;
  const planes = isGated(activation) ? 2 : 1;
  const piece = (name: string, size: number) =>
    weights[`layers.${layer}.moe.${name}`].data.subarray(expert * size, (expert + 1) * size);
  const up = piece("up", planes * width * units);
  return { planes, width, units, up, down: piece("down", units * width) };
}

/** All experts of a layer. */
export const expertsAt = (source: WeightedModel, { index, experts }: ModelLayer): Network[] =>
  Array.from({ length: experts }, (_, expert) => expertAt(source, { layer: index, expert }));

/** The network of some of the hidden units, in the order given. */
export function unitsOf({ planes, width, units, up, down }: Network, ids: readonly number[]) {
  const n = ids.length;
  const rising = new Float32Array(planes * width * n);
  for (let row = 0; row < planes * width; row++) {
    for (let i = 0; i < n; i++) rising[row * n + i] = up[row * units + ids[i]];
  }
  const falling = new Float32Array(n * width);
  ids.forEach((id, i) => falling.set(down.subarray(id * width, (id + 1) * width), i * width));
  return { planes, width, units: n, up: rising, down: falling } satisfies Network;
}

/** Networks side by side: their outputs are added. */
export function joined(networks: readonly Network[]): Network {
  const [{ planes, width }] = networks;
  const units = networks.reduce((sum, one) => sum + one.units, 0);
  const up = new Float32Array(planes * width * units);
  for (let row = 0; row < planes * width; row++) {
    let at = row * units;
    for (const one of networks) {
      up.set(one.up.subarray(row * one.units, (row + 1) * one.units), at);
      at += one.units;
    }
  }
  return { planes, width, units, up, down: concatenated(networks.map(({ down }) => down)) };
}

/** Arrays one behind the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => {
    all.set(part, at);
    return at + part.length;
  }, 0);
  return all;
}

/** Networks of equal shape as a bank [E, ...], under the names of a layer. */
export function bankOf(layer: number, networks: readonly Network[]): Record<string, Float32Array> {
  return {
    [`layers.${layer}.moe.up`]: concatenated(networks.map(({ up }) => up)),
    [`layers.${layer}.moe.down`]: concatenated(networks.map(({ down }) => down)),
  };
}

/** A dense network under the names of a layer. */
export const denseOf = (layer: number, { up, down }: Network): Record<string, Float32Array> => ({
  [`layers.${layer}.ffn.up`]: up,
  [`layers.${layer}.ffn.down`]: down,
});

/**
 * A mixture without parts beside its experts.
 *
 * @throws {UserError} where a token chooses more experts than there are.
 */
export function plainMoe(
  sizes: Pick<MoeSpec, "experts" | "topK"> & FfnSpec & { layers?: number[] },
): MoeSpec {
  const { layers, ...rest } = sizes;
  const { experts, topK } = rest;
  if (topK > experts) {
    throw new UserError(
      `Cannot choose ${topK} of ${experts} experts: wanted ${topK} experts or more`,
    );
  }
  return {
    ...rest,
    sharedGate: false,
    router: { kind: "linear", bias: false },
    placement: layers ? { kind: "list", layers } : { kind: "every", step: 1, offset: 0 },
  };
}

/**
 * The dense network of a model without experts.
 *
 * @throws {UserError} where it has experts, or networks with biases.
 */
export function denseSpec({ id, ffn, moe }: Model, by: string): FfnSpec {
  if (moe || !ffn) throw new UserError(`Cannot ${by} ${id}: found experts, wanted dense networks`);
  return ffn;
}

/**
 * The mixture of a model with routed experts of one number alone.
 *
 * @throws {UserError} where it has none, or other parts beside them.
 */
export function sparseSpec(model: Model, by: string): MoeSpec {
  const { id, moe } = model;
  const wrong = (found: string) =>
    new UserError(`Cannot ${by} ${id}: found ${found}, wanted routed experts alone`);
  if (!moe) throw wrong("dense networks");
  if (moe.shared) throw wrong("shared experts");
  if (moe.denseBeside) throw wrong("a dense network beside them");
  if (moe.placement.kind === "pyramid") throw wrong("layers of different numbers");
  return moe;
}

/**
 * The network of a model whose experts become dense ones, `width` units each or as wide as an expert.
 *
 * @throws {UserError} where it has no experts, parts beside them, or dense layers of another width.
 */
export function densifiedSpec(
  model: Model,
  by: string,
  changes: Partial<FfnSpec> = {},
): FfnSpec {
  const { width, activation, bias } = sparseSpec(model, by);
  const ffn = { width, activation, bias, ...changes };
  const { ffn: other } = model;
  const dense = layersOf(model).some(({ network }) => network === "dense");
  if (dense && (other!.width !== ffn.width || other!.activation !== ffn.activation)) {
    throw new UserError(
      `Cannot ${by} ${model.id}: found dense layers of ${other!.width} units of ` +
        `${other!.activation}, wanted ${ffn.width} of ${ffn.activation} as elsewhere`,
    );
  }
  return ffn;
}

/** The layers that hold experts. */
export const sparseLayers = (model: Model): ModelLayer[] =>
  layersOf(model).filter(({ experts }) => experts > 0);
