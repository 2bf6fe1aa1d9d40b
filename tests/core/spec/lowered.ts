/** The presets that lower to operators, and those with a part that no kernel runs. @module */
import { type Model, modelPresets } from "../../../core/spec/mod.ts";

/** Presets that are refused, with what is found first. */
export const refusedPresets: Readonly<Record<string, string>> = {
  "deepseek-v3-mtp": "1 module for further tokens",
  "gpt-oss-120b": "a window of 128 keys at layer 0",
  "gpt-oss-20b": "a window of 128 keys at layer 0",
  "minimax-text-01": "lightning attention at layer 0",
  "nemotron-3-nano-30b-a3b": "one block alone at layer 0",
  "nemotron-3-super-120b-a12b": "one block alone at layer 0",
  "qwen3-next-80b-a3b": "gated-delta attention at layer 0",
};

/** The others. */
export function loweredPresets(): Model[] {
  return modelPresets().filter(({ id }) => refusedPresets[id] === undefined);
}
