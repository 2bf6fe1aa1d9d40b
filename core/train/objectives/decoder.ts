/**
 * A decoder: what a recipe does where a model is used, as the loss of each token of a batch. It asks for
 * passes that differ from the plain one, and puts together on the host what they gave.
 *
 * @module
 */
import type { DecodingSpec, GateRecipe } from "../../gates/recipe.ts";
import type { SpecOf } from "../../gates/shorthand.ts";

/** How a pass differs from the plain one. */
export interface PassVariant {
  /** Its chances are those of a pass of its own. */
  pass?: number;
  /** All tokens have this tag. */
  tag?: number;
  /** Its gate, with the parameters of the recipe that is trained. */
  recipe?: GateRecipe;
}

/** What a decoder is given. */
export interface DecodingRun<S extends DecodingSpec = DecodingSpec> {
  /** What the recipe says. */
  spec: S;
  /** The recipe. */
  recipe: GateRecipe;
  /** Losses [T] of the plain pass, nats; 0 where nothing is predicted. */
  plain_T: Float32Array;
  /** What is to be predicted, [T]. */
  targets: Uint32Array;
  /** Tokens of a sequence. */
  length: number;
  /** Tags that have an expert of their own: experts, or tags where those are fewer. */
  domains: number;
  /** Token ids V. */
  vocabulary: number;
  /** Losses [T] of another pass; a wait. */
  losses(variant: PassVariant): Promise<Float32Array>;
  /** Logits [T, V] of a pass; a wait. */
  logits(variant: PassVariant): Promise<Float32Array>;
}

/** Gives the loss of each token as a kind predicts it, 0 where nothing is predicted. */
export type Decoder<S extends DecodingSpec = DecodingSpec> = (
  run: DecodingRun<S>,
) => Promise<Float64Array>;

/** The decoder of a kind. */
export type DecoderOf<K extends DecodingSpec["kind"]> = Decoder<SpecOf<DecodingSpec, K>>;
