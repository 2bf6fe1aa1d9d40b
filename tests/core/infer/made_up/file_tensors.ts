/**
 * The tensors of a small model as the files of its release hold them: other names, matrices as
 * [outputs, inputs], planes and experts one by one or in other orders.
 *
 * Written apart from the reader of such files, as a second opinion on where numbers lie.
 *
 * @module
 */
import { part, type Tensor } from "../oracle/tensors.ts";

type Named = Record<string, Tensor>;

/** A matrix with rows and columns exchanged; a vector as it is. */
function turned({ shape, data }: Tensor): Tensor {
  if (shape.length === 1) return { shape, data };
  const [rows, columns] = shape;
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c];
  }
  return { shape: [columns, rows], data: out };
}

/** Names within a layer of tensors that one of ours each is. */
const attentionNames: Readonly<Record<string, string>> = {
  ...{ "norm": "input_layernorm.weight", "sinks": "self_attn.sinks" },
  ...{ "q": "self_attn.q_proj.weight", "q.bias": "self_attn.q_proj.bias" },
  ...{ "k": "self_attn.k_proj.weight", "k.bias": "self_attn.k_proj.bias" },
  ...{ "v": "self_attn.v_proj.weight", "v.bias": "self_attn.v_proj.bias" },
  ...{ "out": "self_attn.o_proj.weight", "out.bias": "self_attn.o_proj.bias" },
  ...{ "qNorm": "self_attn.q_norm.weight", "kNorm": "self_attn.k_norm.weight" },
  ...{ "qDown": "self_attn.q_a_proj.weight", "qDownNorm": "self_attn.q_a_layernorm.weight" },
  ...{ "qUp": "self_attn.q_b_proj.weight", "kvUp": "self_attn.kv_b_proj.weight" },
  "kvDown": "self_attn.kv_a_proj_with_mqa.weight",
  "kvDownNorm": "self_attn.kv_a_layernorm.weight",
};

/** Where an architecture keeps its experts, within a layer. */
interface ExpertNames {
  /** What holds the router and the experts. */
  block: string;
  /** Name of the router within it. */
  router?: string;
  /** Gate, up and down of a network. */
  network?: readonly [string, string, string];
  /** Name of the shared experts within it. */
  shared?: string;
}

const usual = ["gate_proj", "up_proj", "down_proj"] as const;

const expertNames: Readonly<Record<string, ExpertNames>> = {
  mixtral: { block: "block_sparse_moe", network: ["w1", "w3", "w2"] },
  qwen2_moe: { block: "mlp", shared: "shared_expert" },
  gpt_oss: { block: "mlp", router: "router" },
};

/** gate and up of each expert with their columns alternating, as [E, ..., 2F]. */
function alternating({ shape, data }: Tensor): Tensor {
  const [experts, , ...rest] = shape;
  const width = rest.at(-1)!;
  const rows = rest.length === 1 ? 1 : rest[0];
  const out = new Float32Array(data.length);
  let at = 0;
  for (let e = 0; e < experts; e++) {
    for (let r = 0; r < rows; r++) {
      for (let f = 0; f < width; f++) {
        for (const plane of [0, 1]) out[at++] = data[((e * 2 + plane) * rows + r) * width + f];
      }
    }
  }
  return { shape: [experts, ...rest.slice(0, -1), 2 * width], data: out };
}

function networkTensors(prefix: string, names: readonly string[], up: Tensor, down: Tensor): Named {
  const all = [part(up, 0), part(up, 1), down];
  return Object.fromEntries(
    all.map((tensor, i) => [`${prefix}.${names[i]}.weight`, turned(tensor)]),
  );
}

/** Of a layer's experts. */
function expertTensors(type: string, ours: Named): Named {
  const { block, router = "gate", network = usual, shared = "shared_experts" } =
    expertNames[type] ?? { block: "mlp" };
  const out: Named = { [`${block}.${router}.weight`]: turned(ours.router) };
  const { up, down, balance, sharedUp, sharedDown, sharedGate } = ours;
  if (type === "gpt_oss") {
    out[`${block}.router.bias`] = ours["router.bias"];
    out[`${block}.experts.gate_up_proj`] = alternating(up);
    out[`${block}.experts.gate_up_proj_bias`] = alternating(ours["up.bias"]);
    out[`${block}.experts.down_proj`] = down;
    out[`${block}.experts.down_proj_bias`] = ours["down.bias"];
  } else {
    for (let e = 0; e < up.shape[0]; e++) {
      const prefix = `${block}.experts.${e}`;
      Object.assign(out, networkTensors(prefix, network, part(up, e), part(down, e)));
    }
  }
  if (balance) out[`${block}.gate.e_score_correction_bias`] = balance;
  if (sharedUp) {
    Object.assign(out, networkTensors(`${block}.${shared}`, usual, sharedUp, sharedDown));
  }
  if (sharedGate) out[`${block}.shared_expert_gate.weight`] = turned(sharedGate);
  return out;
}

/** Those of ours whose names begin with `prefix`, by the rest of their names. */
function under(tensors: Readonly<Named>, prefix: string): Named {
  const found = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}

function layerTensors(type: string, ours: Named): Named {
  const attention = Object.entries(under(ours, "attention."))
    .map(([name, tensor]) => [attentionNames[name], turned(tensor)]);
  const experts = under(ours, "moe.");
  const dense = under(ours, "ffn.");
  return {
    ...Object.fromEntries(attention),
    "post_attention_layernorm.weight": experts.norm ?? dense.norm,
    ...(experts.router
      ? expertTensors(type, experts)
      : networkTensors("mlp", usual, dense.up, dense.down)),
  };
}

/** All tensors of a small model's files, by their names there; `type` is its `model_type`. */
export function fileTensors(tensors: Readonly<Named>, type: string): Named {
  const out: Named = {
    "model.embed_tokens.weight": tensors.embedding,
    "model.norm.weight": tensors.norm,
    ...(tensors.head && { "lm_head.weight": tensors.head }),
  };
  for (let layer = 0; `layers.${layer}.attention.norm` in tensors; layer++) {
    const named = layerTensors(type, under(tensors, `layers.${layer}.`));
    for (const [name, tensor] of Object.entries(named)) {
      out[`model.layers.${layer}.${name}`] = tensor;
    }
  }
  return out;
}
