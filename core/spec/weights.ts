/**
 * The weights of a model one by one, with their shapes: what an optimiser goes through and what
 * memory holds.
 *
 * A part whose shapes are told here has the names and shapes that the trainer gives its parameters;
 * any other part is one flat weight of all its numbers.
 *
 * @module
 */
import { isGated } from "./activation.ts";
import { layersOf, type ModelLayer } from "./layers.ts";
import { headShape } from "./mixer_counts.ts";
import type { FfnSpec, Model } from "./model.ts";
import { layerParts, type ModelPart, outerParts, type PartCounts } from "./params.ts";

/** One weight. */
export interface ModelWeight {
  /** Where it is in the model, such as "layers.0.moe.up". */
  name: string;
  /** Its dimensions, outermost first. */
  shape: readonly number[];
}

type Shapes = Record<string, readonly number[]>;
type ShapesOf = (model: Model, layer: ModelLayer) => Shapes;

/** Elements of a shape. */
const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const upShape = ({ activation, width }: FfnSpec, d: number) =>
  isGated(activation) ? [2, d, width] : [d, width];

const ofAttention: ShapesOf = ({ attention: a, dModel: d }) => {
  const { heads, kvHeads, dqk } = headShape(a);
  const n = a.kind === "experts" ? a.experts : 1;
  const keys = a.kind === "experts" && a.kv === "expert" ? n * kvHeads : kvHeads;
  return {
    "attention.q": [d, n * heads * dqk],
    "attention.k": [d, keys * dqk],
    "attention.v": [d, keys * dqk],
    "attention.out": [n * heads * dqk, d],
  };
};

const ofShared: ShapesOf = ({ dModel: d, moe }) => {
  const width = moe!.shared!.count * moe!.shared!.width;
  return {
    "moe.sharedUp": upShape({ ...moe!, width }, d),
    "moe.sharedDown": [width, d],
  };
};

const ofDense: ShapesOf = ({ dModel: d, ffn, moe }, { network }) => {
  const spec = network === "experts" ? moe!.denseBeside! : ffn!;
  return { "ffn.up": upShape(spec, d), "ffn.down": [spec.width, d] };
};

const ofExperts: ShapesOf = ({ dModel: d, moe }, { experts: e }) => ({
  "moe.up": [e, ...upShape(moe!, d)],
  "moe.down": [e, moe!.width, d],
});

const ofNorms: ShapesOf = ({ dModel: d, norm }, { network }) => {
  const both = ["attention.norm", network === "experts" ? "moe.norm" : "ffn.norm"];
  const names = both.slice(0, norm.perLayer);
  const beta = names.map((name) => `${name}.beta`);
  return Object.fromEntries([...names, ...(norm.bias ? beta : [])].map((name) => [name, [d]]));
};

/** Shapes of the parts of a layer. */
const ofParts: Partial<Record<ModelPart, ShapesOf>> = {
  attention: ofAttention,
  attentionRouter: ({ attention: a, dModel: d }) => ({
    "attention.router": [d, a.kind === "experts" ? a.experts : 0],
  }),
  router: ({ dModel: d }, { experts }) => ({ "moe.router": [d, experts] }),
  experts: ofExperts,
  shared: ofShared,
  ffn: ofDense,
  norm: ofNorms,
};

/** Shapes of the parts outside the layers. */
function outerShapes({ dModel: d, embedding, norm }: Model): Partial<Record<ModelPart, Shapes>> {
  const { vocab } = embedding;
  return {
    embedding: { embedding: [vocab, d] },
    head: { head: [vocab, d] },
    norm: norm.bias ? { norm: [d], "norm.beta": [d] } : { norm: [d] },
  };
}

/** The weights of a part: by shapes that hold all its numbers, or as one. */
function weightsOfPart(part: string, total: number, shapes: Shapes): ModelWeight[] {
  const list = Object.entries(shapes).map(([name, shape]) => ({ name, shape }));
  const told = list.reduce((sum, { shape }) => sum + elements(shape), 0);
  if (told === total) return list;
  return total > 0 ? [{ name: part, shape: [total] }] : [];
}

/**
 * All weights of a model, in the order of the forward pass.
 *
 * @example
 * ```ts
 * import { modelPreset, modelWeights } from "@moelab/moelab/core";
 * import { assertEquals } from "@std/assert";
 *
 * const weights = modelWeights(modelPreset("mixtral-8x7b"));
 * assertEquals(weights.find(({ name }) => name === "layers.0.moe.up")?.shape, [8, 2, 4096, 14336]);
 * ```
 */
export function modelWeights(model: Model): ModelWeight[] {
  const outer = outerParts(model);
  const shapes = outerShapes(model);
  const outside = (parts: ModelPart[]) =>
    parts.flatMap((part) => weightsOfPart(part, outer[part]?.total ?? 0, shapes[part] ?? {}));
  const ofLayer = (layer: ModelLayer) =>
    (Object.entries(layerParts(model, layer)) as [ModelPart, PartCounts[ModelPart]][])
      .flatMap(([part, count]) =>
        count!.total > 0
          ? weightsOfPart(part, count!.total, ofParts[part]?.(model, layer) ?? {})
          : []
      )
      .map(({ name, shape }) => ({ name: `layers.${layer.index}.${name}`, shape }));
  return [
    ...outside(["embedding"]),
    ...layersOf(model).flatMap(ofLayer),
    ...outside(["norm", "head", "mtp"]),
  ];
}
