/**
 * Which layers of a config.json are of which kind: windows, linear attention, experts.
 *
 * @module
 */
import type { Fields } from "./fields.ts";
import { type Row, wholeOf } from "./rows.ts";

/** One layer in `every`, the one at `offset`, is of the rarer kind. */
export interface Regular {
  /** Distance. */
  every: number;
  /** The first. */
  offset: number;
}

/** The regular order of flags, undefined where there is none; `every` beyond all where none is set. */
export function regularOf(flags: readonly boolean[]): Regular | undefined {
  const offset = flags.indexOf(true);
  if (offset < 0) return { every: flags.length + 1, offset: flags.length };
  const next = flags.indexOf(true, offset + 1);
  const every = next < 0 ? Math.max(flags.length, offset + 1) : next - offset;
  return offset < every && flags.every((set, i) => set === (i % every === offset))
    ? { every, offset }
    : undefined;
}

/** Layers that `layer_types` says to see all keys, undefined where it is left out. */
function fullLayers(fields: Fields, known: readonly string[]): boolean[] | undefined {
  const types = fields.get("layer_types");
  if (types === undefined) return undefined;
  const layers = wholeOf(fields, "num_hidden_layers");
  const fits = Array.isArray(types) && types.length === layers &&
    types.every((type) => known.includes(type));
  if (!fits) throw fields.wrong("layer_types", `${layers} of ${known.join(", ")}`);
  return types.map((type) => type === "full_attention");
}

function orderOf(fields: Fields, known: readonly string[], otherwise: Regular): Regular {
  const full = fullLayers(fields, known);
  const order = full ? regularOf(full) : otherwise;
  if (order) return order;
  throw fields.wrong("layer_types", "full attention in one layer in so many");
}

/**
 * The window of attention. A window that no sequence fills is none.
 *
 * @param otherwise Which layers see all keys where `layer_types` is left out; none unless given.
 */
export function windows(otherwise?: (fields: Fields) => Regular): Row {
  return (fields) => {
    const layers = wholeOf(fields, "num_hidden_layers");
    const none = { every: layers + 1, offset: layers };
    const order = orderOf(
      fields,
      ["full_attention", "sliding_attention"],
      otherwise?.(fields) ?? none,
    );
    const absent = fields.get("sliding_window") === undefined ||
      fields.get("use_sliding_window") === false || order.every === 1;
    if (absent) return { value: undefined, cite: "sliding_window" };
    const size = wholeOf(fields, "sliding_window");
    if (size >= Number(fields.get("max_position_embeddings") ?? Infinity)) {
      return { value: undefined, cite: "sliding_window" };
    }
    const value = { size, fullEvery: order.every, fullOffset: order.offset };
    return { value, cite: "sliding_window and its layers" };
  };
}

/** Qwen's windows begin at `max_window_layers`: before and after are no regular order. */
export const lateWindows: Row = (fields) => {
  if (fields.get("use_sliding_window") !== true) fields.get("max_window_layers");
  const from = Number(fields.get("max_window_layers") ?? 0);
  const layers = wholeOf(fields, "num_hidden_layers");
  if (fields.get("use_sliding_window") !== true || from >= layers) {
    for (const name of ["sliding_window", "layer_types"]) fields.get(name);
    return { value: undefined, cite: "use_sliding_window" };
  }
  if (from === 0) return windows()(fields);
  throw fields.wrong("max_window_layers", `0 or at least ${layers}, for one order of all layers`);
};

/** One layer in so many keeps softmax attention: by `layer_types`, or by an interval. */
export function softmaxLayers(fields: Fields): Regular {
  const every = fields.get("full_attention_interval") === undefined
    ? 4
    : wholeOf(fields, "full_attention_interval");
  const known = ["full_attention", "linear_attention"];
  return orderOf(fields, known, { every, offset: every - 1 });
}

/** Qwen: experts in every `decoder_sparse_step`-th layer but those of `mlp_only_layers`. */
export const sparseStep: Row = (fields) => {
  const layers = wholeOf(fields, "num_hidden_layers");
  const step = fields.get("decoder_sparse_step") === undefined
    ? 1
    : wholeOf(fields, "decoder_sparse_step");
  const dense = fields.get("mlp_only_layers") ?? [];
  if (!Array.isArray(dense) || !dense.every((layer) => Number.isSafeInteger(layer))) {
    throw fields.wrong("mlp_only_layers", "a list of layers");
  }
  const cite = "decoder_sparse_step and mlp_only_layers";
  if (dense.length === 0) return { value: { kind: "every", step, offset: step - 1 }, cite };
  const sparse = Array.from({ length: layers }, (_, i) => i)
    .filter((i) => (i + 1) % step === 0 && !dense.includes(i));
  return { value: { kind: "list", layers: sparse }, cite };
};

/** DeepSeek: experts in every `moe_layer_freq`-th layer after the dense ones. */
export const firstDense: Row = (fields) => {
  const first = fields.get("first_k_dense_replace") === undefined
    ? 0
    : wholeOf(fields, "first_k_dense_replace", 0);
  if ((fields.get("moe_layer_freq") ?? 1) !== 1) {
    throw fields.wrong("moe_layer_freq", "1, experts in every layer after the dense ones");
  }
  return { value: { kind: "after", first }, cite: "first_k_dense_replace" };
};
