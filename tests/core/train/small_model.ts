/** Models that train in a moment. */
import { type GqaAttention, type Model, modelPreset } from "../../../core/spec/mod.ts";

/** The tiny preset, smaller: four experts of 32, and one key head. */
export function smallModel(sizes: { layers: number; dModel: number }): Model {
  const tiny = modelPreset("tiny");
  const attention: GqaAttention = {
    ...tiny.attention as GqaAttention,
    ...{ heads: 2, kvHeads: 1, headDim: sizes.dModel / 2 },
  };
  return { ...tiny, ...sizes, attention, moe: { ...tiny.moe!, experts: 4, width: 32 } };
}
