/**
 * The models whose training steps are timed: a small mixture of experts, and a dense model that costs
 * a token as many FLOP.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import { modelPreset } from "../../core/spec/presets/presets.ts";

/** A model and its batch. */
export interface TrainedModel {
  /** The word that `--only` takes. */
  id: string;
  /** What it is. */
  says: string;
  /** The model. */
  model: Model;
  /** Sequences in a batch. */
  sequences: number;
  /** Tokens of a sequence. */
  length: number;
}

const tiny = modelPreset("tiny");
const { moe, ...rest } = tiny;
const experts: Model = { ...tiny, id: "tiny-4", layers: 4 };
const dense: Model = {
  ...{ ...rest, id: "tiny-4-dense", layers: 4 },
  ffn: { width: moe!.topK * moe!.width, activation: moe!.activation, bias: false },
};

const { dModel } = tiny;
const batch = { sequences: 8, length: 128 };

/** The models, the mixture first. */
export const trainedModels: readonly TrainedModel[] = [
  {
    id: "moe",
    says: `4 layers, ${dModel} wide, top-${moe!.topK} of ${moe!.experts} experts of ${moe!.width}`,
    ...{ model: experts, ...batch },
  },
  {
    id: "dense",
    says: `4 layers, ${dModel} wide, a dense network of ${dense.ffn!.width}`,
    ...{ model: dense, ...batch },
  },
];
