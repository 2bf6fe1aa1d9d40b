/**
 * `moelab.json`: a model's description with the constants of its forward pass, in a folder whose
 * tensors have our own names. It says what no `config.json` can, such as attention experts.
 *
 * @module
 */
import { z } from "zod";
import { parseConfig, type Schema } from "../../kernels/base/config.ts";
import { UserError } from "../../kernels/base/errors.ts";
import type { Model } from "../spec/model.ts";
import { isObject } from "../spec/hugging_face/fields.ts";
import { readModel } from "../spec/schema.ts";
import type { RunSettings } from "./run_settings.ts";

/** Name of the file. */
export const ownConfigName = "moelab.json";

/** What it says. */
export interface OwnConfig {
  /** The description. */
  model: Model;
  /** Constants of the forward pass. */
  settings: RunSettings;
  /** Id of the gate that the model was trained with, where it is not the description's own. */
  recipe?: string;
  /** Tokens of the longest text that it was made for. */
  positions?: number;
}

const above = z.number().gt(0);

const scaling = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear"), factor: above }),
  z.strictObject({
    ...{ kind: z.literal("llama3"), factor: above, length: above },
    ...{ lowFactor: above, highFactor: above },
  }),
  z.strictObject({
    ...{ kind: z.literal("yarn"), factor: above, length: above, magnitude: above },
    ...{ fast: above, slow: above, rounded: z.boolean() },
  }),
]);

const settings: Schema<RunSettings> = z.strictObject({
  normEps: above,
  rope: z.strictObject({
    theta: z.number().gt(1),
    dim: z.int().min(2).multipleOf(2),
    pairs: z.enum(["halves", "neighbours"]),
    scaling: scaling.optional(),
  }),
  attentionScale: above,
  router: z.strictObject({
    score: z.enum(["softmax", "sigmoid", "chosen"]),
    normalised: z.boolean(),
    scale: above,
    groupScore: z.enum(["best", "best-two"]),
  }).optional(),
  clamped: z.strictObject({ limit: above, alpha: above }).optional(),
  ends: z.array(z.int().min(0)),
});

const recipe = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/).optional();
const positions = z.int().min(1).optional();

/**
 * Reads what a `moelab.json` says.
 *
 * @throws {UserError} that names the first field that is missing, wrong or not known.
 */
export function readOwnConfig(json: unknown, source: string): OwnConfig {
  const outer = isObject(json) ? json : {};
  if (outer.format !== 1) {
    throw new UserError(
      `Cannot read ${source}: at /format expected 1 but found ${
        JSON.stringify(outer.format) ?? "nothing"
      }`,
    );
  }
  const others = z.strictObject({
    ...{ format: z.literal(1), model: z.unknown(), settings: z.unknown(), recipe, positions },
  });
  const read = parseConfig(others, json, source);
  return {
    model: readModel(read.model, `the model of ${source}`),
    settings: parseConfig(settings, read.settings, `the settings of ${source}`),
    ...(read.recipe !== undefined && { recipe: read.recipe }),
    ...(read.positions !== undefined && { positions: read.positions }),
  };
}
