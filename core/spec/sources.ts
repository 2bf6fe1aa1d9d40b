/**
 * Where the sizes of a description come from.
 *
 * @module
 */
import type { FieldSource, Model } from "./model.ts";

/** The fields on which counts rest. */
const sized = [
  "layers",
  "encoderLayers",
  "dModel",
  "attention",
  "mamba",
  "mamba2",
  "linear",
  "blocks",
  "ffn",
  "moe",
  "mtp",
  "embedding",
  "norm",
] as const;

/** Paths of all leaves under a value, such as "moe.shared.width". */
function leaves(path: string, value: unknown): string[] {
  if (value === undefined) return [];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, v]) => leaves(`${path}.${key}`, v));
}

/** Paths of all fields of a model on which its counts rest. */
export function sizedFields(model: Model): string[] {
  const encoder = model.encoderLayers > 0;
  return sized.filter((key) => encoder || key !== "encoderLayers")
    .flatMap((key) => leaves(key, model[key]));
}

/**
 * The source of a field: that of the longest key of `sources` which is the field's path or a
 * group that it lies in, or undefined where no key is.
 */
export function sourceOf(model: Model, field: string): FieldSource | undefined {
  const keys = field.split(".").map((_, i, parts) => parts.slice(0, parts.length - i).join("."));
  return keys.map((key) => model.sources[key]).find((source) => source !== undefined);
}

/** Fields on which counts rest and which are assumed, or whose source is not said. */
export function assumedFields(model: Model): string[] {
  return sizedFields(model).filter((field) => {
    const source = sourceOf(model, field);
    return source === undefined || source.from === "assumed";
  });
}
