/**
 * Tensors that files have and a forward pass does without, and those that nobody can explain.
 *
 * @module
 */
import { UserError } from "../../kernels/base/errors.ts";
import type { Model } from "../spec/model.ts";
import type { Located } from "./stored.ts";

/** Tensors that were left out, and why. */
export interface LeftOut {
  /** Why the model runs without them. */
  why: string;
  /** Their names in the files. */
  names: string[];
}

/** Why a model runs without a tensor; undefined where it is not known. */
function reasonOf(name: string, model: Model): string | undefined {
  if (/(^|\.)rotary_emb\.inv_freq$/.test(name)) return "frequencies follow from the settings";
  if (/\.(input|activation)_scale$/.test(name)) return "activations are not narrowed";
  if (name === "lm_head.weight" && model.embedding.tied) return "the head is the token table";
  const layer = Number(/^model\.layers\.(\d+)\./.exec(name)?.[1] ?? -1);
  const further = layer >= model.layers && layer < model.layers + (model.mtp?.modules ?? 0);
  return further ? "a module that predicts further tokens is not run" : undefined;
}

/**
 * Sorts what is left of a folder's tensors by reason.
 *
 * @throws {UserError} for a tensor without one.
 */
export function leftOutOf(
  files: ReadonlyMap<string, Located>,
  options: { used: ReadonlySet<string>; model: Model; source: string },
): LeftOut[] {
  const { used, model, source } = options;
  const reasons = new Map<string, string[]>();
  for (const { name, shard, entry: { dtype, shape } } of files.values()) {
    if (used.has(name)) continue;
    const why = reasonOf(name, model);
    if (why === undefined) {
      throw new UserError(
        `Cannot read ${source}: found a tensor ${name} ${dtype} [${
          shape.join(", ")
        }] in ${shard} ` +
          "that the model of config.json has not",
      );
    }
    if (!reasons.has(why)) reasons.set(why, []);
    reasons.get(why)!.push(name);
  }
  return [...reasons].map(([why, names]) => ({ why, names }));
}
