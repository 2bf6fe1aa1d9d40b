/**
 * A plan as torchtitan is told it. Its parameters are sharded by FSDP or replicated; norms are split
 * along the sequence wherever there are tensor ranks.
 *
 * @module
 */
import { scheduleFacts } from "../../pipeline/schedule.ts";
import type { Plan, ScheduleName } from "../../plan/plan.ts";
import { layersOfParts } from "../megatron/layout.ts";
import type { Setting, Settings } from "../settings.ts";
import type { LaunchInput, Refuse } from "../types.ts";
import { scheduleClasses } from "./arguments.ts";

/** What torchtitan cannot say: whether a plan wants it, and what would do. */
const foreign: readonly [found: (plan: Plan) => unknown, says: string, nearest: string][] = [
  [({ zero }) => zero === 1, "sharding of the optimiser alone", "zero=2"],
  [
    ({ tp, sequenceParallel }) => tp > 1 && !sequenceParallel,
    "sp=false beside tensor ranks",
    "true",
  ],
  [
    ({ cp, contextExchange }) => cp > 1 && contextExchange === "a2a",
    "exchange of context ranks by heads",
    "context=p2p",
  ],
  [
    ({ zero, tp, cp, pp, ep }) => zero === 0 && tp * cp * pp * ep > 1,
    "replicas beside ranks that split anything",
    "zero=2",
  ],
  [
    ({ recompute }) => typeof recompute !== "string" && recompute.length > 0,
    "recomputation of named modules",
    "recompute=full",
  ],
  [
    ({ offload }) => offload.optimizer > 0 || offload.activationLayers > 0,
    "offload of parts",
    "none",
  ],
  [({ capacityFactor }) => capacityFactor !== undefined, "capacity: it drops no token", "none"],
  [
    ({ overlap }) => ["shared", "batches", "attention"].includes(overlap.experts),
    "overlap of experts but DualPipeV's",
    "experts:none",
  ],
  [
    ({ overlap, zero }) => !overlap.gradients || (zero > 0 && !overlap.parameters),
    "exchanges that wait for kernels",
    "overlap=gradients+parameters",
  ],
  [
    ({ overlap, schedule, pp }) =>
      pp > 1 && overlap.pipeline !== (scheduleFacts[schedule].splits || schedule === "interleaved"),
    "sends otherwise than its schedules do",
    "the overlap that goes with the schedule",
  ],
  [
    ({ formats: { moments } }) => moments !== undefined && moments !== "fp32",
    "narrow moments",
    "fp32",
  ],
  [
    ({ formats: { gradients, mainGradients } }) =>
      [gradients, mainGradients].some((format) => format !== undefined && format !== "fp32"),
    "gradients but in fp32",
    "fp32",
  ],
  [
    ({ formats: { dispatch, combine } }) =>
      [dispatch, combine].some((format) => format !== undefined && format !== "bf16"),
    "narrow rows of tokens",
    "bf16",
  ],
];

/** The nearest schedule that there is. */
const nearestSchedules: Readonly<Partial<Record<ScheduleName, ScheduleName>>> = {
  ...{ "zb-h1": "1f1b", "zb-bounded": "zb-v", "v-half": "zb-v", "v-min": "zb-v" },
  dualpipe: "dualpipe-v",
};

/** Names of the modules of each part of the model. */
export function partModules(parts: readonly number[]): string[][] {
  let layer = 0;
  return parts.map((layers, part) => [
    ...(part === 0 ? ["tok_embeddings"] : []),
    ...Array.from({ length: layers }, () => `layers.${layer++}`),
    ...(part === parts.length - 1 ? ["norm", "output"] : []),
  ]);
}

function stages({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { pp, schedule, microBatch, globalBatch, dp } = plan;
  if (pp === 1) {
    if (schedule !== "1f1b") refuse(`schedule ${schedule} without stages`, "1f1b");
    return { "training.local_batch_size": microBatch, "training.global_batch_size": globalBatch };
  }
  const name = Object.keys(scheduleClasses).find((key) => scheduleClasses[key] === schedule);
  if (name === undefined) refuse(`schedule ${schedule}`, nearestSchedules[schedule] ?? "1f1b");
  if (schedule === "interleaved" && plan.vpp === 1) {
    refuse("schedule interleaved with one chunk", "1f1b");
  }
  const modules = partModules(layersOfParts(plan, model.layers)).map((names) => names.join(" "));
  return {
    "training.local_batch_size": globalBatch / dp,
    "training.global_batch_size": globalBatch,
    "parallelism.pipeline_parallel_degree": pp,
    "parallelism.pipeline_parallel_schedule": name ?? "1F1B",
    "parallelism.pipeline_parallel_microbatch_size": microBatch,
    "parallelism.module_fqns_per_model_part": modules,
  };
}

function shards({ zero, dp, cp, shardRanks = dp * cp, pp }: Plan, refuse: Refuse): Settings {
  const replicate = "parallelism.data_parallel_replicate_degree";
  const shard = "parallelism.data_parallel_shard_degree";
  if (zero === 0) return { [replicate]: dp, [shard]: 1 };
  if (shardRanks % cp !== 0) refuse(`shards over ${shardRanks} of ${cp} context ranks`, "all");
  // Parameters stay gathered under a pipeline, and are gathered again without one.
  const usual = zero === 3 || pp > 1;
  return {
    [replicate]: dp * cp / shardRanks,
    [shard]: shardRanks / cp,
    "parallelism.fsdp_reshard_after_forward": usual ? "default" : "never",
  };
}

function experts({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { ep, etp, tp, dispatcher, schedule, overlap } = plan;
  if (!model.moe) return {};
  if (ep === 1 && etp !== tp) refuse(`etp ${etp} without expert ranks`, `etp=${tp}`);
  if (ep > 1 && dispatcher !== "all-to-all" && dispatcher !== "deepep") {
    refuse(`dispatcher ${dispatcher}`, dispatcher === "hybridep" ? "deepep" : "all-to-all");
  }
  return {
    "parallelism.expert_parallel_degree": ep,
    ...(ep > 1 && {
      "parallelism.expert_tensor_parallel_degree": etp,
      "parallelism.expert_parallel_comm_backend": dispatcher === "deepep" ? "deepep" : "standard",
    }),
    ...(schedule === "dualpipe-v" && {
      "parallelism.pipeline_parallel_expert_parallel_overlap": overlap.experts === "dualpipe",
    }),
  };
}

function precisions({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { precision, formats: { parameters } } = plan;
  const gathered = parameters === "fp8" && precision === "fp8";
  if (parameters !== undefined && parameters !== "bf16" && !gathered) {
    refuse(`parameters gathered in ${parameters} under ${precision}`, "bf16");
  }
  const swaps = (kind: "float8" | "mx"): Settings => ({
    "model.converters": [
      `quantize.linear.${kind}`,
      ...(model.moe ? [`quantize.grouped_mm.${kind}`] : []),
    ],
    ...(model.moe && { [`quantize.grouped_mm.${kind}.fqns`]: ["experts"] }),
    "compile.enable": true,
  });
  switch (precision) {
    case "bf16":
      return {};
    case "fp32":
      return { "training.mixed_precision_param": "float32" };
    case "fp8":
      return {
        ...swaps("float8"),
        // Only scales of whole tensors let FSDP gather what is already narrow.
        "quantize.linear.float8.recipe_name": gathered ? "tensorwise" : "rowwise",
        "quantize.linear.float8.enable_fsdp_float8_all_gather": gathered,
      };
    case "mxfp8":
      return swaps("mx");
    default:
      refuse(`precision ${precision}`, precision === "fp4" ? "mxfp8" : "bf16");
      return {};
  }
}

/** The names that torchtitan has for a model, by our id. */
export const flavors: Readonly<Record<string, readonly [name: string, flavor: string]>> = {
  "llama-3-8b": ["llama3", "8B"],
  "llama-3-70b": ["llama3", "70B"],
  "llama-3.1-405b": ["llama3", "405B"],
  "deepseek-v2": ["deepseek_v3", "236B"],
  "deepseek-v3": ["deepseek_v3", "671B"],
  "qwen3-8b": ["qwen3", "8B"],
  "qwen3-30b-a3b": ["qwen3", "30B-A3B"],
  "gpt-oss-20b": ["gpt_oss", "20b"],
  "gpt-oss-120b": ["gpt_oss", "120b"],
};

/** Tells a plan, the fields that hold anyway among them. */
export function torchtitanSettings(input: LaunchInput, refuse: Refuse): Settings {
  const { plan, model, workload } = input;
  for (const [found, says, nearest] of foreign) if (found(plan)) refuse(says, nearest);
  const known = flavors[model.id];
  const { cp, contextExchange, overlap, recompute } = plan;
  const settings: Record<string, Setting> = {
    ...(known && { "model.name": known[0], "model.flavor": known[1] }),
    "training.seq_len": workload.sequence,
    ...stages(input, refuse),
    ...shards(plan, refuse),
    "parallelism.tensor_parallel_degree": plan.tp,
    "parallelism.context_parallel_degree": cp,
    ...(cp > 1 && {
      "parallelism.context_parallel_rotate_method": contextExchange === "p2p"
        ? "alltoall"
        : "allgather",
    }),
    ...experts(input, refuse),
    "activation_checkpoint.mode": recompute === "full" ? "full" : "none",
    ...precisions(input, refuse),
  };
  if (overlap.tensor && plan.tp > 1) {
    settings["parallelism.enable_async_tensor_parallel"] = true;
    settings["compile.enable"] = true;
  }
  return settings;
}
