/**
 * Architectures without experts, and the rows that most architectures share.
 *
 * @module
 */
import { lateWindows, windows } from "./patterns.ts";
import { fixed, flag, only, type Row, type Rows, share, whole, word } from "./rows.ts";

/** Activations of gated networks. */
const gated = {
  means: {
    ...{ silu: "swiglu", swiglu: "swiglu" },
    ...{ gelu: "geglu", gelu_new: "geglu", gelu_pytorch_tanh: "geglu" },
  },
} as const;

/** The activation of gated networks, of the field that a class has it in. */
export const hiddenAct: Row = word("hidden_act", { ...gated, otherwise: "silu" });

/** Table, width and layers; weights of input and output tables are shared where `tied` says. */
export function base(tied: boolean): Rows {
  return {
    "layers": whole("num_hidden_layers"),
    "dModel": whole("hidden_size"),
    "embedding.vocab": whole("vocab_size"),
    "embedding.tied": flag("tie_word_embeddings", tied),
  };
}

/** Heads of softmax attention; keys and values may be fewer. */
export const heads: Rows = {
  "attention.heads": whole("num_attention_heads"),
  "attention.kvHeads": whole("num_key_value_heads", { otherwise: whole("num_attention_heads") }),
  "attention.headDim": whole("head_dim", {
    otherwise: share("hidden_size", "num_attention_heads"),
  }),
};

/** Biases of all projections of attention, or of none. */
export const biased: Rows = {
  "attention.qkvBias": flag("attention_bias", false),
  "attention.outBias": flag("attention_bias", false),
};

/** A gated dense network. */
export const ffn: Rows = {
  "ffn.width": whole("intermediate_size"),
  "ffn.activation": hiddenAct,
};

/** Where the routed experts are described: their number, how many a token uses, their width. */
export const experts = (number: string, width: string): Rows => ({
  "moe.experts": whole(number),
  "moe.topK": whole("num_experts_per_tok"),
  "moe.width": whole(width),
  "moe.activation": hiddenAct,
});

const llama: Rows = {
  ...base(false),
  ...heads,
  ...biased,
  ...ffn,
  "ffn.bias": flag("mlp_bias", false),
};

const qkvOnly: Row = fixed(true, "queries, keys and values have biases");

/** Gemma: GeLU gates, tables shared. */
const gemma: Rows = {
  ...base(true),
  ...heads,
  ...biased,
  "ffn.width": whole("intermediate_size"),
  "ffn.activation": (fields) =>
    fields.get("hidden_activation") === undefined
      ? word("hidden_act", { ...gated, otherwise: "gelu_pytorch_tanh" })(fields)
      : word("hidden_activation", gated)(fields),
};

const fourNorms: Row = fixed(4, "norms before and after attention and network");

/** One layer in `sliding_window_pattern` sees all keys, the last of them. */
const gemmaWindows = (otherwise: number): Row =>
  windows((fields) => {
    const every = Number(
      fields.get("sliding_window_pattern") ?? fields.get("_sliding_window_pattern") ?? otherwise,
    );
    return { every, offset: every - 1 };
  });

/** The architectures without experts, by `model_type`. */
export const denseArchitectures: Readonly<Record<string, Rows>> = {
  llama,
  mistral: { ...base(false), ...heads, ...ffn, "attention.window": windows() },
  phi3: { ...base(false), ...heads, ...ffn, "attention.window": windows() },
  granite: llama,
  gemma,
  gemma2: { ...gemma, "norm.perLayer": fourNorms, "attention.window": gemmaWindows(2) },
  gemma3_text: {
    ...gemma,
    "norm.perLayer": fourNorms,
    "attention.qkNorm": fixed("head", "a norm of queries and one of keys"),
    "attention.window": gemmaWindows(6),
  },
  qwen2: {
    ...base(false),
    ...heads,
    ...ffn,
    "attention.qkvBias": qkvOnly,
    "attention.window": lateWindows,
  },
  qwen3: {
    ...llama,
    "ffn.bias": only("mlp_bias", false, "that bias here"),
    "attention.qkNorm": fixed("head", "a norm of queries and one of keys"),
    "attention.window": lateWindows,
  },
};
