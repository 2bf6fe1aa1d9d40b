/**
 * A model as Megatron-LM is told it.
 *
 * @module
 */
import { layersOf } from "../../../core/spec/layers.ts";
import type { AttentionSpec, Model, MoeSpec } from "../../../core/spec/model.ts";
import type { Settings } from "../settings.ts";
import type { LaunchInput, Refuse } from "../types.ts";
import { formatPattern } from "./pattern.ts";

/** What of a model Megatron-LM cannot say at all: what it is, and the nearest that it can. */
const foreign: readonly { found(model: Model): unknown; says: string; nearest: string }[] = [
  { found: (m) => m.encoderLayers > 0, says: "encoder in pretrain_gpt.py", nearest: "a decoder" },
  { found: (m) => m.mamba, says: "Mamba layers", nearest: "attention" },
  { found: (m) => m.linear, says: "linear attention", nearest: "attention" },
  { found: (m) => m.blocks, says: "layers of one block in pretrain_gpt.py", nearest: "attention" },
  { found: (m) => m.attention.kind === "experts", says: "attention experts", nearest: "gqa" },
  { found: (m) => m.block === "parallel", says: "parallel blocks", nearest: "serial ones" },
  { found: (m) => m.norm.perLayer !== 2, says: "layers of other than two norms", nearest: "two" },
  { found: (m) => !m.norm.final, says: "stack without a last norm", nearest: "one with it" },
  {
    found: (m) => (m.norm.kind === "layernorm") !== m.norm.bias,
    says: "layer norms without biases or RMS norms with them",
    nearest: "layernorm with biases, or rmsnorm",
  },
  { found: (m) => m.moe?.latent, says: "experts in a latent space", nearest: "plain experts" },
  {
    found: (m) => m.moe?.denseBeside,
    says: "dense network beside experts",
    nearest: "shared ones",
  },
  { found: (m) => m.moe?.sharedGate, says: "gate of shared experts", nearest: "none" },
  {
    found: (m) => m.moe && m.moe.router.kind !== "linear",
    says: "routers but linear ones",
    nearest: "linear",
  },
  {
    found: (m) => m.moe?.placement.kind === "pyramid",
    says: "layers of different numbers of experts",
    nearest: "one number",
  },
  {
    found: (m) => "outputGate" in m.attention && m.attention.outputGate,
    says: "gate of attention's output",
    nearest: "none",
  },
  {
    found: (m) => "qkNorm" in m.attention && m.attention.qkNorm === "width",
    says: "norm over all heads of queries and keys",
    nearest: "one of each head",
  },
];

const activations: Readonly<Record<string, Settings>> = {
  swiglu: { "--swiglu": true },
  relu2: { "--squared-relu": true },
  gelu: {},
};

function attentionSettings(a: AttentionSpec, layers: number): Settings {
  if (a.kind === "mla") {
    return {
      "--multi-latent-attention": true,
      ...(a.qRank > 0 && { "--q-lora-rank": a.qRank }),
      "--kv-lora-rank": a.kvRank,
      "--qk-head-dim": a.nopeDim,
      "--qk-pos-emb-head-dim": a.ropeDim,
      "--v-head-dim": a.valueDim,
      "--qk-layernorm": true,
    };
  }
  const window = "window" in a ? a.window : undefined;
  const windowed = window &&
    Array.from({ length: layers }, (_, i) => i % window.fullEvery !== window.fullOffset);
  return {
    "--kv-channels": a.headDim,
    ...(a.kind === "gqa" && { "--group-query-attention": true, "--num-query-groups": a.kvHeads }),
    "--qk-layernorm": a.qkNorm === "head",
    "--softmax-type": a.sinks ? "learnable" : "vanilla",
    // Keys to the left of a query and to its right.
    ...(window && { "--window-size": `${window.size - 1},0` }),
    ...(windowed?.includes(false) && { "--window-attn-skip-freq": formatPattern(windowed) }),
  };
}

/** Biases of all projections, of queries, keys and values, or of none. */
function biasSettings({ attention: a, ffn, moe }: Model, refuse: Refuse): Settings {
  const [qkv, out] = a.kind === "mla" ? [false, false] : [a.qkvBias, a.outBias];
  const rest = [out, ...[ffn, moe].filter((part) => part !== undefined).map(({ bias }) => bias)];
  if (rest.every((bias) => bias) && qkv) return { "--disable-bias-linear": false };
  if (rest.some((bias) => bias)) {
    refuse("biases of some projections", "all, none, or queries, keys and values");
  }
  return { "--disable-bias-linear": true, "--add-qkv-bias": qkv };
}

function routerSettings(moe: MoeSpec, biases: boolean): Settings {
  const { bias, limit } = moe.router;
  return {
    // With biases everywhere the router has one as well.
    ...(bias && !biases && {
      "--moe-router-enable-expert-bias": true,
      "--moe-router-score-function": "sigmoid",
    }),
    ...(limit && {
      "--moe-router-num-groups": limit.groups,
      "--moe-router-group-topk": limit.chosen,
    }),
    ...(moe.topK === 1 && { "--moe-router-pre-softmax": true }),
  };
}

function expertSettings(model: Model, biases: boolean): Settings {
  const { moe } = model;
  if (!moe) return {};
  const sparse = layersOf(model).map(({ experts }) => experts > 0);
  return {
    "--num-experts": moe.experts,
    "--moe-router-topk": moe.topK,
    "--moe-ffn-hidden-size": moe.width,
    "--moe-layer-freq": sparse.includes(false) ? formatPattern(sparse) : "1",
    ...(moe.shared && {
      "--moe-shared-expert-intermediate-size": moe.shared.count * moe.shared.width,
    }),
    ...routerSettings(moe, biases),
  };
}

const positions: Readonly<Record<string, string>> = {
  rope: "rope",
  none: "none",
  learned: "learned_absolute",
};

/** Tells a model, the arguments that hold anyway among them. */
export function modelSettings({ model, plan, workload }: LaunchInput, refuse: Refuse): Settings {
  for (const { found, says, nearest } of foreign) if (found(model)) refuse(says, nearest);
  const { attention, embedding, ffn, moe } = model;
  const used = new Set([ffn?.activation, moe?.activation].filter((one) => one !== undefined));
  for (const activation of used) {
    if (!activations[activation] || used.size > 1) {
      refuse(`activation ${activation}${used.size > 1 ? " in some layers" : ""}`, "swiglu");
    }
  }
  const [activation] = used;
  if (!positions[embedding.positions.kind]) refuse(`${embedding.positions.kind} positions`, "rope");
  const biases = biasSettings(model, refuse);
  const length = embedding.positions.kind === "learned"
    ? embedding.positions.length
    : workload.sequence;
  const vocab = embedding.vocab % plan.tp === 0 ? "--padded-vocab-size" : "--vocab-size";
  return {
    "--num-layers": model.layers,
    "--hidden-size": model.dModel,
    "--num-attention-heads": attention.heads,
    ...(ffn && { "--ffn-hidden-size": ffn.width }),
    ...attentionSettings(attention, model.layers),
    ...biases,
    ...activations[activation],
    "--normalization": model.norm.kind === "rmsnorm" ? "RMSNorm" : "LayerNorm",
    "--position-embedding-type": positions[embedding.positions.kind] ?? "rope",
    "--max-position-embeddings": length,
    [vocab]: embedding.vocab,
    "--untie-embeddings-and-output-weights": !embedding.tied,
    ...expertSettings(model, !biases["--disable-bias-linear"]),
    ...(model.mtp && { "--mtp-num-layers": model.mtp.modules }),
  };
}
