/**
 * Texts of equal length as a batch that predicts next tokens.
 *
 * @module
 */
import type { TrainingBatch } from "../../../core/train/data/corpus.ts";

/**
 * A batch of `length` + 1 tokens of each text, all of one domain. Where there are fewer texts than
 * sequences, the last is there again.
 */
export function batchOfTexts(
  texts: readonly Uint32Array[],
  { sequences, length, tag }: { sequences: number; length: number; tag: number },
): TrainingBatch {
  const tokens = sequences * length;
  const batch = {
    ids: new Uint32Array(tokens),
    targets: new Uint32Array(tokens),
    before: new Uint32Array(tokens),
    tags: new Uint32Array(tokens).fill(tag),
  };
  for (let s = 0; s < sequences; s++) {
    const text = texts[Math.min(s, texts.length - 1)];
    batch.ids.set(text.subarray(0, length), s * length);
    batch.targets.set(text.subarray(1, length + 1), s * length);
    batch.before.set(text.subarray(0, length - 1), s * length + 1);
    batch.before[s * length] = text[0];
  }
  return batch;
}
