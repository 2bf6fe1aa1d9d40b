/**
 * Rotary positions, as a config.json says them.
 *
 * Older files have `rope_theta` and, where frequencies are stretched, `rope_scaling`; newer ones
 * have both in `rope_parameters`. The kind is `rope_type`, formerly `type`. The formulas are those of
 * `modeling_rope_utils.py` in Hugging Face's transformers; YaRN's are of arXiv 2309.00071, and its
 * two factors `mscale` and `mscale_all_dim` of DeepSeek-V2 (arXiv 2405.04434): the ratio of both
 * magnitudes enters cosines and sines, the square of the second the scale of attention.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Fields } from "../spec/hugging_face/fields.ts";
import { flagOf } from "../spec/hugging_face/rows.ts";
import { innerFields, numberOf, wordOf } from "./run_fields.ts";
import type { RopeScaling, RopeSettings } from "./run_settings.ts";

/** What YaRN multiplies queries and keys with, for a factor of the context's length. */
export function yarnMagnitude(factor: number, share = 1): number {
  return factor <= 1 ? 1 : 0.1 * share * Math.log(factor) + 1;
}

/**
 * The object that says how frequencies are stretched; undefined where there is none.
 *
 * @throws {UserError} where there are two, or one for each kind of layer.
 */
function ropeFields(fields: Fields, id: string): Fields | undefined {
  const paths = ["rope_parameters", "rope_scaling"].filter((at) => fields.get(at) !== undefined);
  if (paths.length === 0) return undefined;
  if (paths.length > 1) throw fields.wrong("rope_scaling", "none beside rope_parameters");
  const [path] = paths;
  return innerFields(fields.get(path), { config: fields, path, id });
}

/** Refuses what may change angles and is not known, such as sections or a record a kind of layer. */
function checkRead(inner: Fields): void {
  const [name] = inner.unread();
  if (name !== undefined) throw inner.wrong(name, "none, since it is not known what it changes");
}

const kinds = ["default", "linear", "llama3", "yarn"] as const;

/** Length of the texts before stretching. */
const lengthOf = (inner: Fields, fields: Fields) => {
  const name = "original_max_position_embeddings";
  return inner.get(name) === undefined
    ? numberOf(fields, "max_position_embeddings", { above: 0 })
    : numberOf(inner, name, { above: 0 });
};

function yarnOf(inner: Fields, fields: Fields): RopeScaling {
  const factor = numberOf(inner, "factor", { least: 1 });
  const fast = numberOf(inner, "beta_fast", { otherwise: 32, above: 0 });
  const slow = numberOf(inner, "beta_slow", { otherwise: 1, above: 0 });
  if (fast < slow) throw inner.wrong("beta_fast", `at least beta_slow, ${slow}`);
  const own = numberOf(inner, "mscale", { otherwise: 0, least: 0 });
  const all = numberOf(inner, "mscale_all_dim", { otherwise: 0, least: 0 });
  const magnitude = inner.get("attention_factor") !== undefined
    ? numberOf(inner, "attention_factor", { above: 0 })
    : own > 0 && all > 0
    ? yarnMagnitude(factor, own) / yarnMagnitude(factor, all)
    : yarnMagnitude(factor);
  const rounded = flagOf(inner, "truncate", true);
  return { kind: "yarn", factor, length: lengthOf(inner, fields), fast, slow, rounded, magnitude };
}

function llama3Of(inner: Fields, fields: Fields): RopeScaling {
  const factor = numberOf(inner, "factor", { least: 1 });
  const lowFactor = numberOf(inner, "low_freq_factor", { above: 0 });
  const highFactor = numberOf(inner, "high_freq_factor", { above: lowFactor });
  return { kind: "llama3", factor, lowFactor, highFactor, length: lengthOf(inner, fields) };
}

function scalingOf(inner: Fields, fields: Fields): RopeScaling | undefined {
  const path = inner.get("rope_type") === undefined ? "type" : "rope_type";
  switch (wordOf(inner, path, { words: kinds, otherwise: "default" })) {
    case "default":
      return undefined;
    case "linear":
      return { kind: "linear", factor: numberOf(inner, "factor", { least: 1 }) };
    case "llama3":
      return llama3Of(inner, fields);
    case "yarn":
      return yarnOf(inner, fields);
  }
}

/** What an architecture fixes of its positions. */
export interface RopeDefaults {
  /** Base of the frequencies. */
  theta: number;
  /** Stretching where a config.json is silent. */
  scaling?: RopeScaling;
  /** Which channels are turned together. */
  pairs: RopeSettings["pairs"];
  /** Width of the part of a head that has positions. */
  width: number;
}

/** Share of a head's channels that are turned. */
function shareOf(fields: Fields, inner: Fields | undefined): number {
  const place = inner?.get("partial_rotary_factor") === undefined ? fields : inner;
  const share = numberOf(place, "partial_rotary_factor", { otherwise: 1, above: 0 });
  if (share <= 1) return share;
  throw place.wrong("partial_rotary_factor", "a number of at most 1");
}

/**
 * The rotary positions of a config.json, and the factor by which DeepSeek's YaRN raises the scale of
 * attention, 1 elsewhere.
 *
 * @throws {UserError} for a kind of stretching that is not known, or wrong numbers.
 */
export function ropeOf(
  fields: Fields,
  options: RopeDefaults & { id: string },
): { rope: RopeSettings; attentionFactor: number } {
  const { id, pairs, width } = options;
  const inner = ropeFields(fields, id);
  const scaling = inner ? scalingOf(inner, fields) : options.scaling;
  const dim = Math.floor(width * shareOf(fields, inner));
  if (dim < 2 || dim % 2 !== 0) {
    throw new UserError(
      `Cannot read the config.json of ${id}: found ${dim} turned channels in a head of ${width}, ` +
        "wanted an even number: they are turned in pairs",
    );
  }
  const place = inner?.get("rope_theta") === undefined ? fields : inner;
  const theta = numberOf(place, "rope_theta", { otherwise: options.theta, above: 1 });
  const all = inner ? numberOf(inner, "mscale_all_dim", { otherwise: 0, least: 0 }) : 0;
  if (inner) checkRead(inner);
  return {
    rope: { theta, dim, pairs, ...(scaling && { scaling }) },
    attentionFactor: scaling?.kind === "yarn" && all > 0
      ? yarnMagnitude(scaling.factor, all) ** 2
      : 1,
  };
}
