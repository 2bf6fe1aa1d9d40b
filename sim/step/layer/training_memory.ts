/**
 * The memory of a training step of one device, from a description alone.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { bufferBytes, mirrorBytes, mirrorRows, ROW_BYTES } from "../../../kernels/base/layout.ts";
import { type Lifetime, planMemory } from "../../../kernels/base/memory_plan.ts";
import { isGated } from "../../../core/spec/activation.ts";
import { layersOf, type ModelLayer } from "../../../core/spec/layers.ts";
import { moeLayerShape } from "../../../core/spec/lower_model.ts";
import { headShape } from "../../../core/spec/mixer_counts.ts";
import type { AttentionSpec, MlaAttention, Model } from "../../../core/spec/model.ts";
import { modelWeights } from "../../../core/spec/weights.ts";
import { createLedger } from "./ledger.ts";
import { normBackward, normForward } from "./norm_tensors.ts";
import {
  attentionBackward,
  attentionForward,
  type BlockSizes,
  denseBackward,
  denseForward,
  expertsBackward,
  expertsForward,
} from "./training_tensors.ts";

/** The batch, and how kernels read matrices. */
export interface TrainingMemoryOptions {
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
  /** Whether products read matrices through textures that mirror them, as on software Vulkan. */
  mirrors: boolean;
}

/** Memory of a training, bytes. */
export interface TrainingMemory {
  /** Weights with their mirrors, both moments, the batch and the table of positions. */
  stateBytes: number;
  /** What the activations and gradients of a step are dealt to. */
  stepBytes: number;
  /** The most of them that is in use at once: no plan can do with less. */
  liveBytes: number;
  /** Both together: nothing more is allocated, however long the training is. */
  totalBytes: number;
  /** When each tensor of the step is in use. */
  lifetimes: Lifetime[];
}

const ELEMENT_BYTES = 4;
/** Numbers of each token that a batch holds: id, target, id before, tag, position. */
const INDICES = 5;

/** Heads of a layer, those of all attention experts together. */
function headTotals(a: Exclude<AttentionSpec, MlaAttention>): { heads: number; kvHeads: number } {
  const { heads, kvHeads } = headShape(a);
  if (a.kind !== "experts") return { heads, kvHeads };
  return { heads: a.experts * heads, kvHeads: a.kv === "expert" ? a.experts * kvHeads : kvHeads };
}

function blockSizes(model: Model, { sequences, length }: TrainingMemoryOptions): BlockSizes {
  const { attention: a, dModel: d, block, norm, embedding } = model;
  const parallel = block === "parallel";
  const refuse = (what: string, found: string, wanted: string) => {
    throw new UserError(
      `Cannot predict the memory of ${model.id}: found ${found} as ${what}, wanted ${wanted}`,
    );
  };
  if (a.kind === "mla") return refuse("attention.kind", a.kind, "mha, gqa or experts");
  const norms = parallel ? 1 : 2;
  if (norm.perLayer !== norms) refuse("norm.perLayer", `${norm.perLayer}`, `${norms}`);
  if (norm.bias) refuse("norm.bias", "true", "false");
  if (!embedding.tied) refuse("embedding.tied", "false", "true");
  if (model.ffn && !isGated(model.ffn.activation)) {
    refuse("ffn.activation", model.ffn.activation, "a gated one");
  }
  const none = { experts: 0, topK: 0, dExpert: 0, sharedWidth: 0 };
  const { experts: e, topK: k, dExpert: f, sharedWidth: s } = model.moe
    ? moeLayerShape(model)
    : none;
  const { heads, kvHeads } = headTotals(a);
  return {
    ...{ t: sequences * length, length, d },
    ...{ heads, q: heads * a.headDim, kv: kvHeads * a.headDim },
    ...{ e, k, f, s, dense: model.ffn?.width ?? 0 },
    ...{ parallel, centred: norm.kind === "layernorm" },
    ...(a.kind === "experts" && { routed: { n: a.experts, k: a.routing?.topK ?? 0 } }),
  };
}

/** Weights that products read: all but norms. */
const isMirrored = (shape: readonly number[]) => shape.length > 1;

function stateBytes(model: Model, { sequences, length, mirrors }: TrainingMemoryOptions): number {
  const { headDim } = model.attention as { headDim: number };
  const mirrorOf = (shape: readonly number[]) =>
    mirrors && isMirrored(shape)
      ? mirrorBytes(mirrorRows(bufferBytes(shape, ELEMENT_BYTES) / ROW_BYTES, Infinity))
      : 0;
  const weights = modelWeights(model).reduce(
    (sum, { shape }) => sum + 3 * bufferBytes(shape, ELEMENT_BYTES) + mirrorOf(shape),
    0,
  );
  const ids = bufferBytes([sequences * length], ELEMENT_BYTES);
  return weights + INDICES * ids + bufferBytes([length, headDim], ELEMENT_BYTES);
}

function stepLifetimes(model: Model, options: TrainingMemoryOptions): Lifetime[] {
  const { sequences, length, mirrors } = options;
  const t = sequences * length;
  const { dModel: d, embedding: { vocab: v } } = model;
  const sizes = blockSizes(model, options);
  const ledger = createLedger({ mirrors });
  const { take, mirror, free } = ledger;
  const layers = layersOf(model);
  const at = ({ index }: ModelLayer) => `${index}/`;
  take("embedding", [t, d]);
  for (const layer of layers) {
    attentionForward(ledger, at(layer), sizes);
    (layer.network === "experts" ? expertsForward : denseForward)(ledger, at(layer), sizes);
  }
  normForward(ledger, "last", sizes);
  const losses = ["losses", "lse", "share"];
  for (const name of ["loss", ...losses]) take(name, [t]);
  take("words", [t, v]);
  mirror("last");
  take("dlast", [t, d]);
  take("embedding dw", [v, d]);
  mirror("words");
  free("words", ...losses);
  normBackward(ledger, "", { ...sizes, of: "last", grad: "dlast", into: "dx" });
  let dy = "dx";
  for (const layer of layers.toReversed()) {
    const back = layer.network === "experts" ? expertsBackward : denseBackward;
    back(ledger, at(layer), { ...sizes, dy });
    attentionBackward(ledger, at(layer), { ...sizes, dy });
    dy = `${at(layer)}dx`;
  }
  free(dy, "embedding");
  return ledger.lifetimes;
}

/**
 * Predicts what a trainer of this model holds on the device. Every weight is there with two moments
 * and, where kernels read textures, with a mirror; the tensors of a step (`training_tensors.ts`) are
 * dealt to shared memory as the trainer deals its own. Rows are padded to 8 columns, buffers to 16
 * KiB. The small tensors of sorts and sums are left out.
 *
 * @throws {UserError} where the description has a part that is not followed.
 *
 * @example Twice the sequences take more for activations, and the same for weights
 * ```ts
 * import { modelPreset } from "@moelab/moelab/core";
 * import { trainingMemory } from "@moelab/moelab/sim";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const of = (sequences: number) =>
 *   trainingMemory(modelPreset("tiny"), { sequences, length: 64, mirrors: false });
 * assert(of(8).stepBytes > 1.4 * of(4).stepBytes);
 * assertEquals(of(8).stateBytes, of(4).stateBytes);
 * ```
 */
export function trainingMemory(model: Model, options: TrainingMemoryOptions): TrainingMemory {
  const lifetimes = stepLifetimes(model, options);
  const { liveBytes, heldBytes } = planMemory(lifetimes);
  const state = stateBytes(model, options);
  return {
    stateBytes: state,
    stepBytes: heldBytes,
    liveBytes,
    totalBytes: state + heldBytes,
    lifetimes,
  };
}
