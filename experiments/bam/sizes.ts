/**
 * The dense models of the study: small twins of the paper's two seeds (BAM, arXiv 2408.08274, Tables 8
 * and 9). Ratios are the paper's where a small model has them: networks of twice and of four times the
 * model width, a key head for each query head and for three, tables apart and tied.
 *
 * @module
 */
import type { Model } from "../../core/spec/model.ts";
import { modelPreset } from "../../core/spec/presets/presets.ts";
import { readModel } from "../../core/spec/schema.ts";
import type { StudySize } from "./figures.ts";

/** What of a size a run may choose. */
export interface SizeNumbers {
  /** Layers. */
  layers: number;
  /** Model width D, a multiple of 16; of 48 where heads share keys. */
  dModel: number;
}

/** Both sizes. */
export const studySizes: readonly StudySize[] = ["small", "large"];

/** The model in the paper that each size stands for. */
export const studyTwins: Readonly<Record<StudySize, string>> = {
  small: "bam-small-seed",
  large: "bam-large-seed",
};

/** Width of a head. */
const HEAD = 16;
/** Ids of tokens: bytes. */
const VOCABULARY = 256;

/**
 * The dense model of a size.
 *
 * @throws {UserError} where no model has these numbers.
 */
export function denseModel(size: StudySize, { layers, dModel }: SizeNumbers): Model {
  const twin = modelPreset(studyTwins[size]);
  const heads = dModel / HEAD;
  const { attention, ffn, norm: { kind, perLayer }, embedding: { tied } } = twin;
  const shared = attention.kind === "gqa" ? attention.heads / attention.kvHeads : 1;
  return readModel({
    ...{ id: `${size}-seed`, name: `${size} seed`, layers, dModel, block: twin.block },
    attention: shared === 1
      ? { kind: "mha", heads, headDim: HEAD }
      : { kind: "gqa", heads, kvHeads: heads / shared, headDim: HEAD },
    ffn: { width: dModel * ffn!.width / twin.dModel, activation: ffn!.activation },
    embedding: { vocab: VOCABULARY, tied },
    norm: { kind, perLayer },
  }, `the ${size} model of the study`);
}
