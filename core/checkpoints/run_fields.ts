/**
 * Numbers and words that a config.json says of a forward pass, checked one by one.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import { type Fields, fieldsOf, type JsonObject } from "../spec/hugging_face/fields.ts";

/** Bounds of a number. */
export interface NumberBounds {
  /** The value where the field is left out; it has to be there where this is absent. */
  otherwise?: number;
  /** The least value. */
  least?: number;
  /** The value that it has to exceed. */
  above?: number;
}

/**
 * A finite number within bounds.
 *
 * @throws {UserError} where it is missing, no number, or out of bounds.
 */
export function numberOf(fields: Fields, path: string, bounds: NumberBounds = {}): number {
  const { otherwise, least = -Infinity, above = -Infinity } = bounds;
  const value = fields.get(path) ?? otherwise;
  if (value === undefined) throw fields.missing(path);
  if (typeof value === "number" && Number.isFinite(value) && value >= least && value > above) {
    return value;
  }
  const bound = Number.isFinite(above) ? ` above ${above}` : "";
  const from = Number.isFinite(least) ? ` of at least ${least}` : "";
  throw fields.wrong(path, `a number${bound}${from}`);
}

/**
 * One of some words.
 *
 * @throws {UserError} where the field says another.
 */
export function wordOf<W extends string>(
  fields: Fields,
  path: string,
  options: { words: readonly W[]; otherwise: W },
): W {
  const value = fields.get(path) ?? options.otherwise;
  const word = options.words.find((one) => one === value);
  if (word !== undefined) return word;
  throw fields.wrong(path, `one of ${options.words.join(", ")}`);
}

/**
 * Fields that change a forward pass in a way that none here knows, and the value at which they
 * change nothing.
 */
const neutral: Readonly<Record<string, unknown>> = {
  ...{ clip_qkv: undefined, attn_logit_softcapping: undefined, final_logit_softcapping: undefined },
  ...{ embedding_multiplier: 1, residual_multiplier: 1, logits_scaling: 1 },
  ...{ attention_multiplier: undefined, query_pre_attn_scalar: undefined },
  ...{ use_bidirectional_attention: false, is_encoder_decoder: false },
};

/**
 * Refuses fields that would change the forward pass and that none here follows.
 *
 * @throws {UserError} that names the first.
 */
export function checkNeutral(fields: Fields): void {
  for (const [name, value] of Object.entries(neutral)) {
    const found = fields.get(name);
    if (found === undefined || found === value) continue;
    throw fields.wrong(
      name,
      `${value === undefined ? "none" : value}, since no forward pass has it`,
    );
  }
}

/** The fields of an object inside a config.json, which messages place. */
export function innerFields(value: unknown, place: { config: Fields; path: string; id: string }) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw place.config.wrong(place.path, "an object");
  }
  const id = `${place.id}, ${place.path}`;
  return fieldsOf(value as JsonObject, { id, type: place.config.type });
}

/** Tokens that end a text: one, a list, or none. */
export function endsOf(fields: Fields): number[] {
  const value = fields.get("eos_token_id") ?? [];
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isToken = (token: unknown): token is number =>
    Number.isSafeInteger(token) && Number(token) >= 0;
  if (list.every(isToken)) return list;
  throw fields.wrong("eos_token_id", "a token's number or a list of them");
}

/** Reads a config.json as far as its `model_type`. */
export function configFields(config: unknown, id: string): Fields {
  const type = typeof config === "object" && config !== null && "model_type" in config
    ? config.model_type
    : undefined;
  if (typeof type === "string") return fieldsOf(config as JsonObject, { id, type });
  throw new UserError(
    `Cannot read the config.json of ${id}: expected an object with model_type but found none`,
  );
}
