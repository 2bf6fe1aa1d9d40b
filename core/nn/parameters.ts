/**
 * The weights of a model: their names, shapes, and how they begin.
 *
 * @module
 */
import { normals, type Pool, split, type Tensor } from "../../kernels/mod.ts";
import type { GateTensor, Init } from "../gates/gate.ts";
import { isGated } from "../spec/activation.ts";
import { layersOf, type ModelLayer } from "../spec/layers.ts";
import type { FfnSpec, Model } from "../spec/model.ts";
import { gateParameters, gateStates, type Gating, networksOf } from "./gating.ts";
import { headCounts } from "./attention_experts.ts";
import { checkRunnableModel, type RunnableAttention } from "./model_check.ts";
import type { Variable } from "./tape.ts";

/** A weight of a model: its gradient lives from the backward pass to the update. */
export interface ModelParameter extends Variable {
  /** Where it is in the model, such as "layers.0.moe.up". */
  readonly name: string;
  /** How its values began. */
  readonly init: Init;
}

/** The weights of a model by name, in the order of the forward pass. */
export type ModelParameters = Readonly<Record<string, ModelParameter>>;

/** A shape, and how its values begin. */
export interface Beginning {
  /** Dimensions. */
  shape: readonly number[];
  /** Values. */
  init: Init;
}

/** Shapes and beginnings by name. */
type Shapes = Record<string, Beginning>;

/** Normal with a variance of 1 / fan-in. */
const weight = (shape: number[], fanIn: number): Beginning => ({
  shape,
  init: { normal: 1 / Math.sqrt(fanIn) },
});

/** Factors, and the biases that go with them. */
function normOf(model: Model, name: string): Shapes {
  const shape = [model.dModel];
  return {
    [name]: { shape, init: "ones" },
    ...model.norm.bias && { [`${name}.beta`]: { shape, init: "zeros" } },
  };
}

function attentionOf(model: Model): Shapes {
  const attention = model.attention as RunnableAttention;
  const { dModel: d, layers } = model;
  const { headDim, qkvBias, outBias, sinks } = attention;
  const { heads, kvHeads } = headCounts(attention);
  const experts = attention.kind === "experts" ? attention.experts : undefined;
  const bias = (name: string, shape: number[], wanted: boolean): Shapes =>
    wanted ? { [`attention.${name}.bias`]: { shape, init: "zeros" } } : {};
  const projection = (name: string, count: number): Shapes => ({
    [`attention.${name}`]: weight([d, count * headDim], d),
    ...bias(name, [count * headDim], qkvBias),
  });
  return {
    ...experts && { "attention.router": weight([d, experts], d) },
    ...projection("q", heads),
    ...projection("k", kvHeads),
    ...projection("v", kvHeads),
    ...sinks && { "attention.sinks": { shape: [heads], init: "zeros" } },
    // Experts are weighed: what they give together is as large as what one gives.
    "attention.out": weight([heads * headDim, d], 2 * layers * attention.heads * headDim),
    ...bias("out", experts ? [experts, d] : [d], outBias),
  };
}

/** Up and down of one network, or of `count` in a bank. */
function networkOf(
  model: Model,
  names: { up: string; down: string },
  options: { ffn: FfnSpec; width?: number; count?: number },
): Shapes {
  const { ffn, width: f = ffn.width, count } = options;
  const { dModel: d, layers } = model;
  const bank = count === undefined ? [] : [count];
  return {
    [names.up]: weight([...bank, ...(isGated(ffn.activation) ? [2] : []), d, f], d),
    [names.down]: weight([...bank, f, d], 2 * layers * f),
  };
}

function expertsOf(model: Model, layer: ModelLayer, gating?: Gating): Shapes {
  const moe = model.moe!;
  const { dModel: d } = model;
  const { denseBeside, shared } = moe;
  const count = networksOf(layer.experts, gating);
  const width = shared ? shared.count * shared.width : 0;
  return {
    ...denseBeside && networkOf(model, { up: "ffn.up", down: "ffn.down" }, { ffn: denseBeside }),
    ...gating ? {} : { "moe.router": weight([d, layer.experts], d) },
    ...networkOf(model, { up: "moe.up", down: "moe.down" }, { ffn: moe, count }),
    ...width > 0 &&
      networkOf(model, { up: "moe.sharedUp", down: "moe.sharedDown" }, { ffn: moe, width }),
  };
}

/** Whether both branches of a block read one norm. */
export const sharesNorm = ({ block, norm }: Model): boolean =>
  block === "parallel" && norm.perLayer === 1;

function layerOf(model: Model, layer: ModelLayer, gating?: Gating): Shapes {
  const dense = layer.network === "dense";
  return {
    ...normOf(model, "attention.norm"),
    ...attentionOf(model),
    ...sharesNorm(model) ? {} : normOf(model, dense ? "ffn.norm" : "moe.norm"),
    ...dense
      ? networkOf(model, { up: "ffn.up", down: "ffn.down" }, { ffn: model.ffn! })
      : expertsOf(model, layer, gating),
  };
}

/**
 * Names, shapes and beginnings of a model's weights, in the order of the forward pass; the weights of
 * its gates among them, or of the description's own routers.
 */
export function modelBeginnings(model: Model, gating?: Gating): Record<string, Beginning> {
  const { dModel: d, embedding: { vocab, tied, positions }, norm } = model;
  return {
    embedding: weight([vocab, d], d),
    ...positions.kind === "learned" && { positions: weight([positions.length, d], d) },
    ...Object.fromEntries(
      layersOf(model).flatMap((layer) => [
        ...Object.entries(layerOf(model, layer, gating))
          .map(([name, one]) => [`layers.${layer.index}.${name}`, one] as const),
        ...layer.experts > 0 && gating ? Object.entries(gateParameters(gating, layer.index)) : [],
      ]),
    ),
    ...norm.final ? normOf(model, "norm") : {},
    ...tied ? {} : { head: weight([vocab, d], d) },
  };
}

/** Values as an {@linkcode Init} says, from the stream of a name. */
export function firstValues(
  { shape, init }: Beginning,
  options: { seed: number; name: string },
): Float32Array<ArrayBuffer> {
  const n = shape.reduce((a, b) => a * b);
  if (init === "zeros") return new Float32Array(n);
  if (init === "ones") return new Float32Array(n).fill(1);
  if ("value" in init) return new Float32Array(n).fill(init.value);
  return normals(split(options.seed, `weights/${options.name}`), n, init.normal);
}

/**
 * Puts a model's weights on the device: normal with a variance of 1 / fan-in, those that end a branch
 * smaller by the number of branches (GPT-2), norms 1, biases 0; those of gates as their gate says.
 *
 * @throws {UserError} where the description has a part that the transformer does not run.
 */
export function createParameters(
  pool: Pool,
  model: Model,
  options: {
    seed: number;
    gating?: Gating;
    causal?: boolean;
    length?: number;
    /** Parameters that are no part of the model, trained beside it, by name. */
    beside?: Readonly<Record<string, GateTensor>>;
  },
): ModelParameters {
  const { seed, gating, beside, ...use } = options;
  checkRunnableModel(model, { ...use, recipe: gating?.recipe });
  return Object.fromEntries(
    Object.entries({ ...modelBeginnings(model, gating), ...beside }).map(([name, one]) => [name, {
      ...{ name, init: one.init },
      value: pool.upload(name, one.shape, firstValues(one, { seed, name })),
    }]),
  );
}

/** Puts the states of a model's gates, and those `beside`, on the device by their names. */
export function createStates(
  pool: Pool,
  gating: Gating,
  options: { seed: number; beside?: Readonly<Record<string, GateTensor>> },
): Record<string, Tensor> {
  const { seed, beside } = options;
  return Object.fromEntries(
    Object.entries({ ...gateStates(gating), ...beside }).map(([name, one]) => [
      name,
      pool.upload(name, one.shape, firstValues(one, { seed, name })),
    ]),
  );
}
