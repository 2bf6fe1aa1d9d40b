/**
 * Which models a scheme takes, by their descriptions alone: asked before a weight is read.
 *
 * @module
 */
import { stableJson } from "../../../kernels/base/files.ts";
import { UserError } from "../../../kernels/base/errors.ts";
import type { Model } from "../../spec/model.ts";
import { descriptionDifference } from "./model_weights.ts";
import type { SchemeRecipe, SchemeSource } from "./recipe.ts";

/** A model that is to be a source, and what messages call it. */
export interface NamedModel {
  /** A word or a path. */
  name: string;
  /** The description. */
  model: Model;
}

/** What is wanted of the sources, in words. */
export const sourceWords: Readonly<Record<SchemeSource, string>> = {
  "several dense": "two or more dense models",
  "dense": "one dense model",
  "sparse": "one model with experts",
  "sizes": "one dense model, for its sizes",
};

/** Kinds of sources that can be seen in what was given. */
type Given = Exclude<SchemeSource, "sizes">;

/** Methods of the same kind of sources that a message names. */
const others: Readonly<Record<Given, string>> = {
  "several dense": "btx and bam take several dense models",
  "dense": "sparse-upcycling and moefication take one dense model",
  "sparse": "ones-average and expert-trimming take a model with experts",
};

const kindOf = (models: readonly NamedModel[]): Given =>
  models.some(({ model }) => model.moe) ? "sparse" : models.length > 1 ? "several dense" : "dense";

/**
 * Refuses models that a scheme cannot begin with.
 *
 * @throws {UserError} for another number of models than it takes, models that differ in a size, experts
 * where it wants none or none where it wants some, and attention that no scheme carries over.
 *
 * @example
 * ```ts
 * import { checkSources, modelPreset, schemeById } from "@moelab/moelab/core";
 * import { assertThrows } from "@std/assert";
 *
 * const sources = [{ name: "here", model: modelPreset("tiny") }];
 * assertThrows(() => checkSources(schemeById("btx"), sources), TypeError, "two or more dense");
 * ```
 */
export function checkSources(recipe: SchemeRecipe, sources: readonly NamedModel[]): void {
  const { id, from, block } = recipe;
  const wrong = (found: string, wanted: string = sourceWords[from]) =>
    new UserError(`Cannot make a model by ${id}: found ${found}, wanted ${wanted}`);
  const hint = `${sourceWords[from]}; ${others[kindOf(sources)]}`;
  const [first, ...rest] = sources;
  if ((from === "several dense") !== (rest.length > 0) || !first) {
    throw wrong(`${sources.length} ${sources.length === 1 ? "source" : "sources"}`, hint);
  }
  for (const { name, model: { attention: { kind }, moe } } of sources) {
    if (kind !== "mha" && kind !== "gqa") {
      throw wrong(`attention "${kind}" in ${name}`, "mha or gqa");
    }
    if (moe && from !== "sparse") throw wrong(`experts in ${name}`, hint);
    if (!moe && from === "sparse") throw wrong(`no experts in ${name}`, hint);
  }
  for (const { name, model } of rest) {
    const differs = descriptionDifference(first.model, model);
    if (!differs) continue;
    const [at, wanted, found] = differs;
    const text = (value: unknown) => stableJson(value ?? "nothing", 0).trim();
    throw wrong(`${text(found)} as ${at} of ${name}`, `${text(wanted)} as ${first.name} has`);
  }
  if (block && first.model.block !== block) {
    throw wrong(
      `${first.model.block} blocks in ${first.name}`,
      `${block} ones, whose attention and network read one input; btx takes serial ones`,
    );
  }
}
