/**
 * The model that adapters stand in: a dense decoder whose weights are frozen, as the parameters of a
 * program.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { GateTensor } from "../gates/gate.ts";
import { checkModel, type PlainAttention } from "../nn/model_check.ts";
import type { ProgramValues } from "../programs/program.ts";
import { isGated } from "../spec/activation.ts";
import type { Model } from "../spec/model.ts";
import type { AdapterSite } from "./specs.ts";

/** Sizes of a base that adapters depend on. */
export interface BaseSizes {
  /** Width D of a token. */
  dModel: number;
  /** Columns of queries. */
  query: number;
  /** Columns of keys, and of values. */
  key: number;
  /** Hidden numbers F of a network. */
  hidden: number;
  /** Whether the network has a gate matrix beside "up". */
  gated: boolean;
  /** Layers. */
  layers: number;
}

/** Names of base weights begin so. */
export const BASE = "base.";

/**
 * Sizes of a description that adapters can stand in.
 *
 * @throws {UserError} that names the first field which the base cannot have.
 */
export function baseSizes(model: Model): BaseSizes {
  const attention = checkModel(model);
  const { heads, headDim, qkvBias, outBias, sinks } = attention;
  const { norm, embedding, ffn, moe, block } = model;
  const wants: [field: string, found: string, wanted: string, fits: boolean][] = [
    ["moe", "experts", "dense networks", moe === undefined],
    ["norm.kind", norm.kind, "rmsnorm", norm.kind === "rmsnorm"],
    ["norm.bias", "one", "none", !norm.bias],
    ["norm.final", "none", "one", norm.final],
    ["block", block, "serial", block === "serial"],
    ["attention.qkvBias", "one", "none", !qkvBias],
    ["attention.outBias", "one", "none", !outBias],
    ["attention.sinks", "some", "none", !sinks],
    ["attention.window", "one", "none", !("window" in attention && attention.window)],
    [
      "embedding.positions",
      embedding.positions.kind,
      "rope or none",
      /^(rope|none)$/.test(
        embedding.positions.kind,
      ),
    ],
    [
      "ffn.activation",
      `${ffn?.activation}`,
      "swiglu or relu",
      /^(swiglu|relu)$/.test(
        `${ffn?.activation}`,
      ),
    ],
  ];
  for (const [field, found, wanted, fits] of wants) {
    if (fits) continue;
    throw new UserError(`Cannot adapt ${model.id}: found ${found} as ${field}, wanted ${wanted}`);
  }
  return {
    ...{ dModel: model.dModel, layers: model.layers, hidden: ffn!.width },
    ...{ query: heads * headDim, key: kvHeadsOf(attention) * headDim },
    gated: isGated(ffn!.activation),
  };
}

/** Heads of keys and values. */
export function kvHeadsOf(attention: PlainAttention): number {
  return attention.kind === "gqa" ? attention.kvHeads : attention.heads;
}

/** Columns that enter and leave a place. */
export function siteWidths(
  sizes: BaseSizes,
  site: Exclude<AdapterSite, "prefix">,
): [input: number, output: number] {
  const { dModel, query, key, hidden } = sizes;
  const widths: Record<typeof site, [number, number]> = {
    ...{ q: [dModel, query], k: [dModel, key], v: [dModel, key], out: [query, dModel] },
    ...{ gate: [dModel, hidden], up: [dModel, hidden], down: [hidden, dModel] },
    ...{ hidden: [hidden, hidden], ffn: [dModel, dModel], after: [dModel, dModel] },
    layer: [dModel, dModel],
  };
  return widths[site];
}

/** Weights of a base by their names in the program. */
export function baseTensors(model: Model): Record<string, GateTensor> {
  const sizes = baseSizes(model);
  const { dModel, query, key, hidden, gated, layers } = sizes;
  const { vocab, tied } = model.embedding;
  const matrix = (rows: number, columns: number, fan = rows): GateTensor => ({
    shape: [rows, columns],
    init: { normal: 1 / Math.sqrt(fan) },
  });
  const gain: GateTensor = { shape: [1, dModel], init: "ones" };
  const layer = {
    ...{ "attention.norm": gain, q: matrix(dModel, query), k: matrix(dModel, key) },
    ...{ v: matrix(dModel, key), out: matrix(query, dModel, 2 * layers * query) },
    "ffn.norm": gain,
    ...gated && { gate: matrix(dModel, hidden) },
    ...{ up: matrix(dModel, hidden), down: matrix(hidden, dModel, 2 * layers * hidden) },
  };
  return Object.fromEntries([
    ["embedding", matrix(vocab, dModel, dModel)] as const,
    ...Array.from(
      { length: layers },
      (_, i) => Object.entries(layer).map(([name, one]) => [`layers.${i}.${name}`, one] as const),
    ).flat(),
    ["norm", gain] as const,
    ...tied ? [] : [["head", matrix(vocab, dModel, dModel)] as const],
  ].map(([name, one]) => [`${BASE}${name}`, one]));
}

/** Names of a layer's matrices in the trainer of `core/train`. */
const trained: Readonly<Record<string, string>> = {
  ...{ "attention.norm": "attention.norm", q: "attention.q", k: "attention.k", v: "attention.v" },
  ...{ out: "attention.out", "ffn.norm": "ffn.norm", up: "ffn.up", down: "ffn.down" },
};

/**
 * Values of a base from the weights of a trained model, by the names and in the order of the numbers
 * that its parameters have (`createTrainer`).
 *
 * @throws {RangeError} where a weight is not there.
 */
export function baseValues(
  model: Model,
  weights: Readonly<Record<string, ArrayLike<number>>>,
): Record<string, Float32Array> {
  const { gated } = baseSizes(model);
  const found = (name: string) => {
    const values = weights[name];
    if (values) return Float32Array.from(values);
    throw new RangeError(`Took over a base of ${model.id} without "${name}"`);
  };
  const entries = Object.keys(baseTensors(model)).map((full): [string, Float32Array] => {
    const name = full.slice(BASE.length);
    const [, layer, own] = /^layers\.(\d+)\.(.+)$/.exec(name) ?? [];
    if (own === undefined) return [full, found(name)];
    const both = gated && (own === "gate" || own === "up");
    const values = found(`layers.${layer}.${both ? "ffn.up" : trained[own]}`);
    if (!both) return [full, values];
    const half = values.length / 2;
    return [full, own === "gate" ? values.slice(0, half) : values.slice(half)];
  });
  return Object.fromEntries(entries);
}

/** The part of all values that is the base's. */
export function baseOf(values: ProgramValues): ProgramValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith(BASE)));
}
