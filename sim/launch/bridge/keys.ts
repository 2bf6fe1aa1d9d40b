/**
 * The fields of Megatron Bridge's configuration by the argument of Megatron-LM that they stand for;
 * "!" before it turns a flag around.
 *
 * @module
 */
import { megatronArguments } from "../megatron/arguments.ts";
import type { LaunchArguments, Settings } from "../settings.ts";

/** Fields of the plan and of the input. */
export const planKeys: Readonly<Record<string, string>> = {
  "model.tensor_model_parallel_size": "--tensor-model-parallel-size",
  "model.pipeline_model_parallel_size": "--pipeline-model-parallel-size",
  "model.virtual_pipeline_model_parallel_size": "--num-virtual-stages-per-pipeline-rank",
  "model.pipeline_model_parallel_layout": "--pipeline-model-parallel-layout",
  "model.context_parallel_size": "--context-parallel-size",
  "model.cp_comm_type": "--cp-comm-type",
  "model.expert_model_parallel_size": "--expert-model-parallel-size",
  "model.expert_tensor_parallel_size": "--expert-tensor-parallel-size",
  "model.sequence_parallel": "--sequence-parallel",
  "train.micro_batch_size": "--micro-batch-size",
  "train.global_batch_size": "--global-batch-size",
  "model.seq_length": "--seq-length",
  "dataset.seq_length": "--seq-length",
  "model.recompute_granularity": "--recompute-granularity",
  "model.recompute_method": "--recompute-method",
  "model.recompute_num_layers": "--recompute-num-layers",
  "model.recompute_modules": "--recompute-modules",
  "model.cpu_offloading_num_layers": "--cpu-offloading-num-layers",
  "optimizer.optimizer_cpu_offload": "--optimizer-cpu-offload",
  "optimizer.optimizer_offload_fraction": "--optimizer-offload-fraction",
  "optimizer.use_precision_aware_optimizer": "--use-precision-aware-optimizer",
  "ddp.use_distributed_optimizer": "--use-distributed-optimizer",
  "optimizer.use_distributed_optimizer": "--use-distributed-optimizer",
  "ddp.use_megatron_fsdp": "--use-megatron-fsdp",
  "ddp.data_parallel_sharding_strategy": "--data-parallel-sharding-strategy",
  "ddp.num_distributed_optimizer_instances": "--num-distributed-optimizer-instances",
  "checkpoint.ckpt_format": "--ckpt-format",
  "ddp.overlap_grad_reduce": "--overlap-grad-reduce",
  "ddp.overlap_param_gather": "--overlap-param-gather",
  // Where there is a distributed optimiser these overrule the fields of ddp.
  "comm_overlap.overlap_grad_reduce": "--overlap-grad-reduce",
  "comm_overlap.overlap_param_gather": "--overlap-param-gather",
  "comm_overlap.tp_comm_overlap": "--tp-comm-overlap",
  "comm_overlap.overlap_p2p_comm": "!--no-overlap-p2p-communication",
  "comm_overlap.overlap_moe_expert_parallel_comm": "--overlap-moe-expert-parallel-comm",
  "model.moe_shared_expert_overlap": "--moe-shared-expert-overlap",
  "model.moe_token_dispatcher_type": "--moe-token-dispatcher-type",
  "model.moe_flex_dispatcher_backend": "--moe-flex-dispatcher-backend",
  "model.moe_enable_deepep": "--moe-enable-deepep",
  "model.moe_router_dtype": "--moe-router-dtype",
  "model.moe_grouped_gemm": "--moe-grouped-gemm",
  "model.moe_expert_capacity_factor": "--moe-expert-capacity-factor",
  "model.moe_pad_expert_input_to_capacity": "--moe-pad-expert-input-to-capacity",
  "mixed_precision.bf16": "--bf16",
  "mixed_precision.fp16": "--fp16",
  "mixed_precision.fp8": "--fp8-format",
  "mixed_precision.fp8_recipe": "--fp8-recipe",
  "mixed_precision.fp8_param_gather": "--fp8-param-gather",
  "mixed_precision.reuse_grad_buf_for_mxfp8_param_ag": "--reuse-grad-buf-for-mxfp8-param-ag",
  "mixed_precision.fp4": "--fp4-format",
  "mixed_precision.fp4_recipe": "--fp4-recipe",
};

/** Fields of the model that are read where they are stated; the recipe says the others. */
export const modelKeys: Readonly<Record<string, string>> = {
  "model.num_layers": "--num-layers",
  "model.hidden_size": "--hidden-size",
  "model.ffn_hidden_size": "--ffn-hidden-size",
  "model.num_attention_heads": "--num-attention-heads",
  "model.num_query_groups": "--num-query-groups",
  "model.kv_channels": "--kv-channels",
  "model.num_moe_experts": "--num-experts",
  "model.moe_router_topk": "--moe-router-topk",
  "model.moe_ffn_hidden_size": "--moe-ffn-hidden-size",
  "model.moe_shared_expert_intermediate_size": "--moe-shared-expert-intermediate-size",
  "model.mtp_num_layers": "--mtp-num-layers",
  "model.vocab_size": "--vocab-size",
};

const bf16: Settings = { "--bf16": true, "--accumulate-allreduce-grads-in-fp32": true };

/** Precisions by the name of their recipe, as settings of Megatron-LM. */
const recipes: Readonly<Record<string, Settings>> = {
  bf16_mixed: bf16,
  fp16_mixed: { "--fp16": true },
  bf16_with_fp8_delayed_scaling_mixed: {
    ...{ ...bf16, "--fp8-format": "hybrid", "--fp8-recipe": "delayed" },
    "--fp8-param-gather": true,
  },
  bf16_with_fp8_current_scaling_mixed: {
    ...{ ...bf16, "--fp8-format": "hybrid", "--fp8-recipe": "tensorwise" },
    "--fp8-param-gather": true,
  },
  bf16_with_fp8_subchannel_scaling_mixed: {
    ...{ ...bf16, "--fp8-format": "hybrid", "--fp8-recipe": "blockwise" },
  },
  bf16_with_mxfp8_mixed: {
    ...{ ...bf16, "--fp8-format": "e4m3", "--fp8-recipe": "mxfp8" },
    ...{ "--fp8-param-gather": true, "--reuse-grad-buf-for-mxfp8-param-ag": true },
  },
};

/** The same with hyphens too, as Bridge takes either. */
export const precisionRecipes: Readonly<Record<string, Settings>> = {
  ...recipes,
  ...Object.fromEntries(
    Object.entries(recipes).map(([name, told]) => [name.replaceAll("_", "-"), told]),
  ),
};

/** What each field takes, as the argument that it stands for. */
export const bridgeArguments: LaunchArguments = {
  ...Object.fromEntries(
    Object.entries({ ...planKeys, ...modelKeys }).map(([key, name]) => {
      const { otherwise: _, ...argument } = megatronArguments[name.replace("!", "")];
      return [key, argument];
    }),
  ),
  "model.recompute_granularity": {
    ...{ says: "recompute", takes: "text", values: ["full", "selective", "null"] },
  },
  "mixed_precision.grad_reduce_in_fp32": { says: "formats.gradients", takes: "flag" },
  "mixed_precision": {
    ...{ says: "precision", takes: "text", values: Object.keys(precisionRecipes) },
  },
};
