/**
 * DeepSeek's architectures and those that follow them.
 *
 * @module
 */
import { base, biased, experts, ffn, heads } from "./dense.ts";
import { firstDense } from "./patterns.ts";
import { fixed, flag, flagOf, only, type Row, type Rows, whole, wholeOf } from "./rows.ts";

/** Shared experts as wide as the routed ones. */
const sharedAlike: Row = (fields) => ({
  value: Number(fields.get("n_shared_experts") ?? 0) === 0 ? undefined : {
    count: wholeOf(fields, "n_shared_experts"),
    width: wholeOf(fields, "moe_intermediate_size"),
  },
  cite: "n_shared_experts and moe_intermediate_size",
});

/** Groups of experts that a token may reach; one group, or the greedy method, is no limit. */
const groupLimit: Row = (fields) => {
  const groups = Number(fields.get("n_group") ?? 1);
  fields.get("topk_group");
  const all = groups === 1 || fields.get("topk_method") === "greedy";
  return {
    value: all ? undefined : { groups, chosen: wholeOf(fields, "topk_group") },
    cite: "n_group and topk_group",
  };
};

/** Modules that predict further tokens. */
const nextTokens: Row = (fields) => {
  const modules = Number(fields.get("num_nextn_predict_layers") ?? 0);
  return {
    value: modules === 0 ? undefined : { modules: wholeOf(fields, "num_nextn_predict_layers") },
    cite: "num_nextn_predict_layers",
  };
};

/** DeepSeekMoE (arXiv 2401.06066): fine experts, shared ones, dense layers at the start. */
const deepseekExperts: Rows = {
  ...base(false),
  ...ffn,
  ...experts("n_routed_experts", "moe_intermediate_size"),
  "moe.shared": sharedAlike,
  "moe.placement": firstDense,
};

const latent: Rows = {
  "attention.kind": fixed("mla", "latent attention"),
  "attention.heads": whole("num_attention_heads"),
  "attention.qRank": whole("q_lora_rank", {
    otherwise: fixed(0, "queries are projected directly where q_lora_rank is null"),
  }),
  "attention.kvRank": whole("kv_lora_rank"),
  "attention.nopeDim": whole("qk_nope_head_dim"),
  "attention.ropeDim": whole("qk_rope_head_dim"),
  "attention.valueDim": whole("v_head_dim"),
  "": (fields) => {
    // Keys and values are as many as the queries; transformers also writes their whole width.
    for (const name of ["num_key_value_heads", "qk_head_dim", "head_dim"]) fields.get(name);
    return only("attention_bias", false, "biases of latent attention")(fields);
  },
};

const deepseekV3: Rows = {
  ...deepseekExperts,
  ...latent,
  "moe.router.bias": fixed(true, "each expert has a bias that balances the loads"),
  "moe.router.limit": groupLimit,
  "mtp": nextTokens,
};

/** The architectures, by `model_type`. */
export const deepseekArchitectures: Readonly<Record<string, Rows>> = {
  deepseek: { ...deepseekExperts, ...heads, ...biased },
  deepseek_v2: { ...deepseekExperts, ...latent, "moe.router.limit": groupLimit },
  deepseek_v3: deepseekV3,
  kimi_k2: deepseekV3,
  glm4_moe: {
    ...deepseekExperts,
    ...heads,
    "attention.qkvBias": flag("attention_bias", false),
    "attention.qkNorm": (fields) => ({
      value: flagOf(fields, "use_qk_norm", false) ? "head" : "none",
      cite: "use_qk_norm",
    }),
    "moe.router.bias": fixed(true, "each expert has a bias that balances the loads"),
    "moe.router.limit": groupLimit,
    "mtp": nextTokens,
  },
};
