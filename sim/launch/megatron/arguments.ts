/**
 * The arguments of Megatron-LM that say something of a plan, as `megatron/training/arguments.py` of
 * Megatron Core 0.15 has them.
 *
 * @module
 */
import type { LaunchArgument, LaunchArguments } from "../settings.ts";

const whole = (says: string, otherwise?: number): LaunchArgument => ({
  ...{ says, takes: "whole" },
  ...(otherwise !== undefined && { otherwise }),
});
const flag = (says: string): LaunchArgument => ({ says, takes: "flag", otherwise: false });
const text = (says: string, values: readonly string[], otherwise?: string): LaunchArgument => ({
  ...{ says, takes: "text", values },
  ...(otherwise !== undefined && { otherwise }),
});

/** Formats of the optimiser's moments. */
const moments = ["fp32", "fp16", "bf16", "fp8"] as const;

/** The modules that can be computed again. */
const modules = [
  "core_attn",
  "moe_act",
  "layernorm",
  "mla_up_proj",
  "mlp",
  "moe",
  "shared_experts",
];

/** What says something of a plan. */
export const planArguments: LaunchArguments = {
  "--tensor-model-parallel-size": whole("tp", 1),
  "--context-parallel-size": whole("cp", 1),
  "--cp-comm-type": {
    ...{ says: "contextExchange", takes: "words", values: ["p2p", "a2a", "allgather", "a2a+p2p"] },
    otherwise: ["p2p"],
  },
  "--pipeline-model-parallel-size": whole("pp", 1),
  "--num-virtual-stages-per-pipeline-rank": whole("vpp", 1),
  "--num-layers-per-virtual-pipeline-stage": whole("vpp"),
  "--pipeline-model-parallel-layout": { says: "stageLayers", takes: "text" },
  "--decoder-first-pipeline-num-layers": whole("stageLayers"),
  "--decoder-last-pipeline-num-layers": whole("stageLayers"),
  "--account-for-embedding-in-pipeline-split": flag("stageLayers"),
  "--account-for-loss-in-pipeline-split": flag("stageLayers"),
  "--expert-model-parallel-size": whole("ep", 1),
  "--expert-tensor-parallel-size": whole("etp"),
  "--sequence-parallel": flag("sequenceParallel"),
  "--use-distributed-optimizer": flag("zero"),
  "--use-megatron-fsdp": flag("zero"),
  "--use-torch-fsdp2": flag("zero"),
  "--torch-fsdp2-no-reshard-after-forward": flag("zero"),
  "--data-parallel-sharding-strategy": text(
    "zero",
    ["no_shard", "optim", "optim_grads", "optim_grads_params"],
    "no_shard",
  ),
  "--ckpt-format": { says: "zero", takes: "text", otherwise: "torch_dist" },
  "--num-distributed-optimizer-instances": whole("shardRanks", 1),
  "--micro-batch-size": whole("microBatch"),
  "--global-batch-size": whole("globalBatch"),
  "--recompute-activations": flag("recompute"),
  "--recompute-granularity": text("recompute", ["full", "selective"]),
  "--recompute-method": text("recompute", ["uniform", "block"]),
  "--recompute-num-layers": whole("recompute"),
  "--recompute-modules": { says: "recompute", takes: "words", values: modules },
  "--optimizer-cpu-offload": flag("offload.optimizer"),
  "--optimizer-offload-fraction": {
    ...{ says: "offload.optimizer", takes: "number" },
    otherwise: 1,
  },
  "--cpu-offloading-num-layers": whole("offload.activationLayers", 0),
  "--bf16": flag("precision"),
  "--fp16": flag("precision"),
  "--fp8-format": text("precision", ["e4m3", "hybrid"]),
  "--fp8-recipe": text(
    "precision",
    ["tensorwise", "delayed", "mxfp8", "blockwise", "custom"],
    "delayed",
  ),
  "--fp4-format": text("precision", ["e2m1"]),
  "--fp4-recipe": text("precision", ["nvfp4", "custom"], "nvfp4"),
  "--fp8-param-gather": flag("formats.parameters"),
  "--fp4-param-gather": flag("formats.parameters"),
  "--reuse-grad-buf-for-mxfp8-param-ag": flag("formats.parameters"),
  "--grad-reduce-in-bf16": flag("formats.gradients"),
  "--accumulate-allreduce-grads-in-fp32": flag("formats.gradients"),
  "--use-precision-aware-optimizer": flag("formats.moments"),
  "--main-grads-dtype": text("formats.mainGradients", ["fp32", "bf16"]),
  "--exp-avg-dtype": text("formats.moments", moments),
  "--exp-avg-sq-dtype": text("formats.moments", moments),
  "--moe-token-dispatcher-type": text("dispatcher", ["allgather", "alltoall", "flex"], "allgather"),
  "--moe-flex-dispatcher-backend": text("dispatcher", ["deepep", "hybridep"]),
  "--moe-enable-deepep": flag("dispatcher"),
  "--moe-router-dtype": text("dispatcher", ["fp32", "fp64"]),
  "--moe-grouped-gemm": flag("dispatcher"),
  "--moe-expert-capacity-factor": { says: "capacityFactor", takes: "number" },
  "--moe-pad-expert-input-to-capacity": flag("capacityFactor"),
  "--overlap-grad-reduce": flag("overlap.gradients"),
  "--overlap-param-gather": flag("overlap.parameters"),
  "--tp-comm-overlap": flag("overlap.tensor"),
  "--no-overlap-p2p-communication": flag("overlap.pipeline"),
  "--moe-shared-expert-overlap": flag("overlap.experts"),
  "--overlap-moe-expert-parallel-comm": flag("overlap.experts"),
  "--seq-length": whole("workload.sequence"),
};

/** What says something of a model. */
export const modelArguments: LaunchArguments = {
  "--num-layers": whole("model.layers"),
  "--hidden-size": whole("model.dModel"),
  "--ffn-hidden-size": whole("model.ffn.width"),
  "--num-attention-heads": whole("model.attention.heads"),
  "--kv-channels": whole("model.attention.headDim"),
  "--group-query-attention": flag("model.attention.kind"),
  "--num-query-groups": whole("model.attention.kvHeads", 1),
  "--multi-latent-attention": flag("model.attention.kind"),
  "--q-lora-rank": whole("model.attention.qRank"),
  "--kv-lora-rank": whole("model.attention.kvRank", 32),
  "--qk-head-dim": whole("model.attention.nopeDim", 128),
  "--qk-pos-emb-head-dim": whole("model.attention.ropeDim", 64),
  "--v-head-dim": whole("model.attention.valueDim", 128),
  "--qk-layernorm": flag("model.attention.qkNorm"),
  "--window-size": { says: "model.attention.window", takes: "text" },
  "--window-attn-skip-freq": { says: "model.attention.window", takes: "text" },
  "--softmax-type": text(
    "model.attention.sinks",
    ["learnable", "vanilla", "off-by-one"],
    "vanilla",
  ),
  "--disable-bias-linear": flag("model.ffn.bias"),
  "--add-qkv-bias": flag("model.attention.qkvBias"),
  "--normalization": text("model.norm.kind", ["LayerNorm", "RMSNorm"], "LayerNorm"),
  "--swiglu": flag("model.ffn.activation"),
  "--squared-relu": flag("model.ffn.activation"),
  "--untie-embeddings-and-output-weights": flag("model.embedding.tied"),
  "--vocab-size": whole("model.embedding.vocab"),
  "--padded-vocab-size": whole("model.embedding.vocab"),
  "--position-embedding-type": text(
    "model.embedding.positions",
    ["learned_absolute", "rope", "mrope", "relative", "none"],
    "learned_absolute",
  ),
  "--max-position-embeddings": whole("model.embedding.positions"),
  "--mtp-num-layers": whole("model.mtp.modules"),
  "--num-experts": whole("model.moe.experts"),
  "--moe-router-topk": whole("model.moe.topK", 2),
  "--moe-ffn-hidden-size": whole("model.moe.width"),
  "--moe-shared-expert-intermediate-size": whole("model.moe.shared.width"),
  "--moe-layer-freq": { says: "model.moe.placement", takes: "text", otherwise: "1" },
  "--moe-router-num-groups": whole("model.moe.router.limit.groups"),
  "--moe-router-group-topk": whole("model.moe.router.limit.chosen"),
  "--moe-router-enable-expert-bias": flag("model.moe.router.bias"),
  "--moe-router-score-function": text("model.moe.router.bias", ["softmax", "sigmoid"], "softmax"),
  "--moe-router-pre-softmax": flag("model.moe.router"),
};

/** All that say something of ours. */
export const megatronArguments: LaunchArguments = { ...planArguments, ...modelArguments };
