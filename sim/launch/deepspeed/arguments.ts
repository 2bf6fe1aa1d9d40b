/**
 * The fields of DeepSpeed's JSON that say something of a plan, by path.
 *
 * @module
 */
import type { LaunchArguments } from "../settings.ts";

const formats = ["fp32", "fp16", "bf16"];

/** The fields, with DeepSpeed's own defaults. */
export const deepspeedArguments: LaunchArguments = {
  "train_batch_size": { says: "globalBatch", takes: "whole" },
  "train_micro_batch_size_per_gpu": { says: "microBatch", takes: "whole" },
  "gradient_accumulation_steps": { says: "dp", takes: "whole" },
  "bf16.enabled": { says: "precision", takes: "flag", otherwise: false },
  "fp16.enabled": { says: "precision", takes: "flag", otherwise: false },
  "communication_data_type": { says: "formats.gradients", takes: "text", values: formats },
  "data_types.grad_accum_dtype": { says: "formats.mainGradients", takes: "text", values: formats },
  "zero_optimization.stage": { says: "zero", takes: "whole", otherwise: 0 },
  "zero_optimization.overlap_comm": { says: "overlap.gradients", takes: "flag", otherwise: "auto" },
  "zero_optimization.stage3_prefetch_bucket_size": {
    ...{ says: "overlap.parameters", takes: "number", otherwise: 5e7 },
  },
  "zero_optimization.mics_shard_size": { says: "shardRanks", takes: "whole", otherwise: -1 },
  "zero_optimization.offload_optimizer.device": {
    ...{ says: "offload.optimizer", takes: "text", values: ["none", "cpu", "nvme"] },
    otherwise: "none",
  },
  "zero_optimization.offload_optimizer.ratio": {
    ...{ says: "offload.optimizer", takes: "number", otherwise: 1 },
  },
  "tensor_parallel.autotp_size": { says: "tp", takes: "whole", otherwise: 1 },
  "tensor_parallel.tp_overlap_comm": { says: "overlap.tensor", takes: "flag", otherwise: false },
  "sequence_parallel_size": { says: "cp", takes: "whole", otherwise: 1 },
  "data_parallel_size": { says: "dp", takes: "whole" },
};

const reasons: readonly [pattern: RegExp, why: string][] = [
  [/^(optimizer|scheduler|gradient_clipping|prescale|gradient_predivide|fp16\.)/, "how it learns"],
  [
    /^(steps_per_print|wall_clock|dump_state|memory_breakdown|flops_profiler|tensorboard|wandb|csv_monitor|comms_logger|monitor|checkpoint|autotuning)/,
    "what is watched and kept",
  ],
  [
    /^activation_checkpointing\./,
    "how recomputation is done; whether it is, the model's code says",
  ],
  [/^pipeline\./, "stages are said in code"],
  [/^expert_parallel\./, "newer than the version that is followed, where code says expert ranks"],
  [
    /^zero_optimization\.(reduce|allgather|contiguous|round_robin|sub_group|stage3_|use_multi|load_from|ignore_unused|elastic|legacy|memory_efficient|override|offload_optimizer\.)/,
    "sizes of buffers: the stack says what they cost",
  ],
  [
    /^zero_optimization\.(offload_param|zero_quantized|zero_hpz|zeropp|mics_hier)/,
    "no plan has it",
  ],
  [
    /^(zero_allow_untested|zero_force_ds|bf16\.|aio\.|compile|torch_autocast|seq_parallel_comm|data_efficiency|dataloader|tensor_parallel\.|elasticity|graph_harvesting|hybrid_engine)/,
    "not said by a plan",
  ],
];

/** Why a field is read over, undefined where it is not known. */
export function deepspeedIgnores(path: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(path))?.[1];
}
