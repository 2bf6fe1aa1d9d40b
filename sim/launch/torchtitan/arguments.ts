/**
 * The fields of torchtitan's TOML that say something of a plan, by path: its `JobConfig`.
 *
 * @module
 */
import type { ScheduleName } from "../../plan/plan.ts";
import type { LaunchArgument, LaunchArguments } from "../settings.ts";

/** Our schedules by torch's. */
export const scheduleClasses: Readonly<Record<string, ScheduleName>> = {
  "GPipe": "gpipe",
  "1F1B": "1f1b",
  "Interleaved1F1B": "interleaved",
  "ZBVZeroBubble": "zb-v",
  "DualPipeV": "dualpipe-v",
};

const degree = (says: string): LaunchArgument => ({ says, takes: "whole", otherwise: 1 });
const flag = (says: string, otherwise = false): LaunchArgument => ({
  ...{ says, takes: "flag", otherwise },
});

const parallelism: LaunchArguments = {
  "data_parallel_replicate_degree": degree("zero"),
  "data_parallel_shard_degree": { says: "zero", takes: "whole", otherwise: -1 },
  "fsdp_reshard_after_forward": {
    ...{ says: "zero", takes: "text", values: ["default", "always", "never"] },
    otherwise: "default",
  },
  "tensor_parallel_degree": degree("tp"),
  "enable_async_tensor_parallel": flag("overlap.tensor"),
  "context_parallel_degree": degree("cp"),
  "context_parallel_rotate_method": {
    ...{ says: "contextExchange", takes: "text", values: ["allgather", "alltoall"] },
    otherwise: "allgather",
  },
  "pipeline_parallel_degree": degree("pp"),
  "pipeline_parallel_schedule": {
    ...{ says: "schedule", takes: "text", values: Object.keys(scheduleClasses) },
    otherwise: "1F1B",
  },
  "pipeline_parallel_microbatch_size": degree("microBatch"),
  "module_fqns_per_model_part": { says: "stageLayers", takes: "words" },
  "pipeline_parallel_expert_parallel_overlap": flag("overlap.experts", true),
  "expert_parallel_degree": { says: "ep", takes: "whole" },
  "expert_tensor_parallel_degree": degree("etp"),
  "expert_parallel_comm_backend": {
    ...{ says: "dispatcher", takes: "text", values: ["standard", "deepep"], otherwise: "standard" },
  },
};

/** The fields, with torchtitan's own defaults. */
export const torchtitanArguments: LaunchArguments = {
  ...Object.fromEntries(
    Object.entries(parallelism).map(([name, argument]) => [`parallelism.${name}`, argument]),
  ),
  "training.local_batch_size": { says: "microBatch", takes: "whole", otherwise: 8 },
  "training.global_batch_size": { says: "globalBatch", takes: "whole", otherwise: -1 },
  "training.seq_len": { says: "workload.sequence", takes: "whole", otherwise: 2048 },
  "training.mixed_precision_param": {
    ...{ says: "precision", takes: "text", values: ["bfloat16", "float32"], otherwise: "bfloat16" },
  },
  "activation_checkpoint.mode": {
    ...{ says: "recompute", takes: "text", values: ["none", "full", "selective", "memory_budget"] },
    otherwise: "selective",
  },
  "model.converters": { says: "precision", takes: "words", otherwise: [] },
  "quantize.linear.float8.recipe_name": {
    ...{
      says: "precision",
      takes: "text",
      values: ["tensorwise", "rowwise", "rowwise_with_gw_hp"],
    },
  },
  "quantize.linear.float8.enable_fsdp_float8_all_gather": flag("formats.parameters"),
  "quantize.linear.mx.recipe_name": { says: "precision", takes: "text", otherwise: "mxfp8_cublas" },
  "quantize.grouped_mm.float8.fqns": { says: "precision", takes: "words", otherwise: [] },
  "quantize.grouped_mm.mx.fqns": { says: "precision", takes: "words", otherwise: [] },
  "compile.enable": flag("overlap.tensor"),
  "model.name": { says: "model.id", takes: "text" },
  "model.flavor": { says: "model.id", takes: "text" },
};

const reasons: readonly [pattern: RegExp, why: string][] = [
  [/^(optimizer|lr_scheduler)\./, "how it learns, not how long a step takes"],
  [
    /^(job|profiling|metrics|checkpoint|validation|memory_estimation|debug)\./,
    "what is watched and kept",
  ],
  [
    /^training\.(dataset|dataset_path|steps|max_norm|gc_.*|seed|deterministic|dataloader\..*)$/,
    "how it learns and what it reads",
  ],
  [/^training\.(enable_cpu_offload|dtype|mixed_precision_reduce|compile)$/, "no plan has it"],
  [/^model\.(tokenizer_path|hf_assets_path|print_after_conversion)$/, "where the model comes from"],
  [
    /^parallelism\.pipeline_parallel_(layers_per_stage|first_stage_less_layers|last_stage_less_layers|split_points|schedule_csv)$/,
    "the layers of stages follow from those of the model's flavor, which it does not say",
  ],
  [
    /^parallelism\.(disable_loss_parallel|enable_compiled_autograd|context_parallel_load_balancer)$/,
    "no plan has it",
  ],
  [
    /^(activation_checkpoint|compile|comm|fault_tolerance|experimental|quantize|float8|mx)\./,
    "kernels and exchanges: the stack says how fast they are",
  ],
];

/** Why a field is read over, undefined where it is not known. */
export function torchtitanIgnores(path: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(path))?.[1];
}
