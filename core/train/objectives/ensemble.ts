/**
 * Chance in use, averaged: THOR (arXiv 2110.04260; survey, section 4.1.1) and AdaMix predict by the
 * mean of two passes, each through experts of its own chance.
 *
 * @module
 */
import { mixedPrediction } from "../../gates/decoding/mixture.ts";
import type { DecoderOf } from "./decoder.ts";

/** Log-probabilities of what was to be predicted. */
const known = (losses_T: Float32Array) => losses_T.map((loss) => -loss);

/** See the module. */
export const ensembleDecoder: DecoderOf<"ensemble"> = async (
  { plain_T, losses },
): Promise<Float64Array> => {
  const other_T = await losses({ pass: 1 });
  return mixedPrediction([known(plain_T), known(other_T)]).map((logP) => -logP);
};
