/**
 * From a Hugging Face config.json to a description of a model.
 *
 * Each architecture is a table: a field of the description, and the fields of the config.json that
 * say it. Fields that change no size are known by name; every other field has to be in the table of
 * its architecture, or the file is refused, since what is not understood may change sizes.
 *
 * @module
 */
import { nearest, unknownName, UserError } from "../../../kernels/base/errors.ts";
import { layersOf } from "../layers.ts";
import type { FieldSource, Model } from "../model.ts";
import { readModel } from "../schema.ts";
import { denseArchitectures } from "./dense.ts";
import { expertArchitectures } from "./experts.ts";
import { type Fields, fieldsOf, isObject } from "./fields.ts";
import { isInert } from "./inert.ts";
import type { Rows } from "./rows.ts";

const architectures: Readonly<Record<string, Rows>> = {
  ...denseArchitectures,
  ...expertArchitectures,
};

/** The values of `model_type` that can be read. */
export const huggingFaceArchitectures: readonly string[] = Object.keys(architectures).sort();

/** Whether a JSON value looks like a Hugging Face config.json, and not like a description of ours. */
export function isHuggingFaceConfig(json: unknown): boolean {
  return isObject(json) && ("model_type" in json || "architectures" in json) && !("dModel" in json);
}

type Draft = Record<string, unknown>;

function put(draft: Draft, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop()!;
  let into = draft;
  for (const name of names) into = (into[name] ??= {}) as Draft;
  into[last] = value;
}

/** Refuses fields that are neither in the table of the architecture nor known to change no size. */
function checkUnread(fields: Fields, id: string): void {
  const known = fields.read();
  const unknown = fields.unread().filter((name) => !isInert(name, fields.get(name)));
  if (unknown.length === 0) return;
  const said = unknown.map((name) => {
    const match = nearest(name, known);
    return `${name} (${JSON.stringify(fields.get(name))})` + (match ? `, near ${match}` : "");
  });
  throw new UserError(
    `Cannot read the config.json of ${id}: what these fields of ${fields.type} change is not known: ` +
      `${said.join("; ")}; wanted a file without them, or a description like ` +
      "those in core/spec/presets",
  );
}

function draftOf(fields: Fields, rows: Rows): { draft: Draft; sources: Draft } {
  const draft: Draft = {};
  const cited = (cite: string): FieldSource => ({ from: "config", cite: `config.json, ${cite}` });
  const sources: Draft = {};
  for (const [path, row] of Object.entries(rows)) {
    const { value, cite } = row(fields);
    if (path === "" || value === undefined) continue;
    put(draft, path, value);
    sources[path] = cited(cite);
  }
  for (const part of ["norm", ...Object.keys(draft)]) {
    sources[part] ??= cited(`model_type ${fields.type}`);
  }
  const attention = draft.attention as Draft;
  if (attention.kind === undefined) {
    attention.kind = attention.heads === attention.kvHeads ? "mha" : "gqa";
    if (attention.kind === "mha") delete attention.kvHeads;
  }
  return { draft, sources };
}

/**
 * The description of the model of a Hugging Face config.json, each field with its source.
 *
 * Modules that predict further tokens are described where the file has them, although the library
 * that reads it leaves their weights out.
 *
 * @param config The JSON of the file.
 * @param options `id` of the description, lower case with hyphens; `name` unless the id is it.
 * @throws {UserError} for an architecture that is not known, with the nearest; for fields that are
 * missing, wrong, or not understood.
 *
 * @example
 * ```ts
 * import { modelFromHuggingFace, parameters } from "@moelab/moelab/core";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const config = {
 *   ...{ model_type: "mixtral", num_hidden_layers: 32, hidden_size: 4096, vocab_size: 32000 },
 *   ...{ num_attention_heads: 32, num_key_value_heads: 8, intermediate_size: 14336 },
 *   ...{ num_local_experts: 8, num_experts_per_tok: 2, tie_word_embeddings: false },
 * };
 * const model = modelFromHuggingFace(config, { id: "mine" });
 * assertEquals(parameters(model).total, 46_702_792_704);
 * assertEquals(model.sources["moe.topK"].cite, "config.json, num_experts_per_tok");
 * assertThrows(
 *   () => modelFromHuggingFace({ ...config, model_type: "mixtrall" }, { id: "mine" }),
 *   TypeError,
 *   'did you mean "mixtral"',
 * );
 * ```
 */
export function modelFromHuggingFace(
  config: unknown,
  options: { id: string; name?: string },
): Model {
  const { id, name = id } = options;
  if (!isObject(config) || typeof config.model_type !== "string") {
    throw new UserError(
      `Cannot read the config.json of ${id}: expected an object with model_type but found ` +
        `${isObject(config) ? "none" : JSON.stringify(config) ?? "nothing"}`,
    );
  }
  const type = config.model_type;
  if (!Object.hasOwn(architectures, type)) {
    throw unknownName("architecture of a config.json", type, huggingFaceArchitectures);
  }
  const fields = fieldsOf(config, { id, type });
  const { draft, sources } = draftOf(fields, architectures[type]);
  checkUnread(fields, id);
  const notes = config.quantization_config === undefined ? [] : [
    "The weights are stored in the narrow format of quantization_config; sizes are not changed.",
  ];
  const model = readModel({ id, name, ...draft, sources, notes }, `the config.json of ${id}`);
  const dense = layersOf(model).some(({ network }) => network === "dense");
  if (dense || !model.ffn) return model;
  // Classes with experts everywhere still carry the width of a dense network.
  const { ffn: _, ...rest } = model;
  const kept = Object.entries(sources).filter(([path]) => !/^ffn\b/.test(path));
  return { ...rest, sources: Object.fromEntries(kept) as Model["sources"] };
}
