/**
 * What a launcher's configuration says of a model, beside what it would say of another one.
 *
 * @module
 */
import { modelSettings } from "./megatron/model.ts";
import { readModelSettings } from "./megatron/read_model.ts";
import type { LauncherName, LaunchInput, LaunchModel } from "./types.ts";

/** What a launcher would be told of a model, as reading it again says. */
export function launchModel(input: LaunchInput, launcher: LauncherName): LaunchModel {
  switch (launcher) {
    case "torchtitan":
      return { id: input.model.id };
    case "deepspeed":
      return {};
    default:
      return readModelSettings(modelSettings(input, () => {}));
  }
}

/** Rows that a table may have more than words. */
const PADDING = 128;

/** Fields said in one way, with what Megatron takes where one is left out. */
function plain(model: LaunchModel): LaunchModel {
  const said: Record<string, string | number | boolean> = { ...model };
  const at = (path: string) => Number(said[path]);
  if (said["attention.kind"] !== "mla" && at("dModel") > 0 && at("attention.heads") > 0) {
    said["attention.headDim"] ??= at("dModel") / at("attention.heads");
  }
  if (said["attention.kind"] === "gqa" && said["attention.kvHeads"] === said["attention.heads"]) {
    said["attention.kind"] = "mha";
    delete said["attention.kvHeads"];
  }
  if (said["moe.experts"] !== undefined) {
    if (said["ffn.width"] !== undefined) said["moe.width"] ??= said["ffn.width"];
    if (!String(said["moe.placement"] ?? "-").includes("-")) delete said["ffn.width"];
  }
  return said;
}

/** A field of which a configuration says something else than a model is. */
export interface ModelDifference {
  /** Path of the field: "moe.topK". */
  field: string;
  /** What the configuration says; undefined where it says nothing. */
  said?: string | number | boolean;
  /** What the model has; undefined where it has nothing. */
  wanted?: string | number | boolean;
}

function same(field: string, a: unknown, b: unknown, tp: number): boolean {
  if (field !== "embedding.vocab") return a === b;
  const padded = (rows: unknown) => Math.ceil(Number(rows) / (PADDING * tp));
  return a === b || padded(a) === padded(b);
}

/**
 * Where what is said of a model differs from what would be said of another one.
 *
 * @param options `partial` where the configuration states some fields alone, and others hold as they
 * are elsewhere; `tp`, as tables are padded to be split.
 */
export function modelDifferences(
  said: LaunchModel,
  wanted: LaunchModel,
  options: { partial?: boolean; tp?: number } = {},
): ModelDifference[] {
  const { partial = false, tp = 1 } = options;
  if (Object.keys(said).length === 0) return [];
  const [a, b] = partial ? [said, wanted] : [plain(said), plain(wanted)];
  const fields = new Set([...Object.keys(a), ...(partial ? [] : Object.keys(b))]);
  // Where a configuration names no rows of the tables, the tokenizer of the job says them.
  const open = (field: string) => field === "embedding.vocab" && a[field] === undefined;
  const differ = (field: string) => !open(field) && !same(field, a[field], b[field], tp);
  return [...fields].filter(differ).map((field) => ({
    field,
    ...(a[field] !== undefined && { said: a[field] }),
    ...(b[field] !== undefined && { wanted: b[field] }),
  }));
}
