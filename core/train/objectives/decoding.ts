/**
 * Decoders by the kind that a recipe names.
 *
 * @module
 */
import type { DecodingSpec } from "../../gates/recipe.ts";
import { contrastDecoder } from "./contrast.ts";
import type { Decoder, DecoderOf } from "./decoder.ts";
import { ensembleDecoder } from "./ensemble.ts";
import { posteriorDecoder } from "./posterior.ts";

/** Decoders by kind. */
export const decoders: { readonly [K in DecodingSpec["kind"]]: DecoderOf<K> } = {
  contrast: contrastDecoder,
  posterior: posteriorDecoder,
  ensemble: ensembleDecoder,
};

/** The decoder of a spec. */
export function decoderOf(spec: DecodingSpec): Decoder {
  return decoders[spec.kind] as Decoder;
}
