/**
 * DeepSpeed: its JSON. Pipelines, experts and recomputation are said in code there, not in the JSON,
 * so that plans with them are refused.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import type { Plan, Precision } from "../../plan/plan.ts";
import type { PlanInput } from "../../plan/plan_input.ts";
import { settingOf, type Settings, withoutDefaults } from "../settings.ts";
import { flatten, nest, parseObject } from "../text/flat.ts";
import type { IgnoredArgument, Launcher, LaunchInput, Refuse } from "../types.ts";
import { deepspeedArguments as known, deepspeedIgnores } from "./arguments.ts";
import { readBatches } from "./batches.ts";
import { deepspeedSearches } from "./searches.ts";

/** What the JSON cannot say: what is wanted of a plan, whether it is, and what would do. */
const foreign: readonly [found: (plan: Plan) => unknown, says: string, nearest: string][] = [
  [({ pp }) => pp > 1, "stages in its JSON (PipelineModule is code)", "pp=1"],
  [({ schedule }) => schedule !== "1f1b", "schedules", "1f1b"],
  [({ ep }) => ep > 1, "expert ranks in its JSON (ep_size of MoE is code)", "ep=1"],
  [({ etp }) => etp > 1, "tensor ranks of experts", "etp=1"],
  [({ sequenceParallel }) => sequenceParallel, "norms split along the sequence", "sp=false"],
  [
    ({ cp, contextExchange }) => cp > 1 && contextExchange !== "a2a",
    "exchange of context ranks but by heads",
    "context=a2a",
  ],
  [({ cp, tp }) => cp > 1 && tp > 1, "context ranks beside tensor ranks", "cp=1 or tp=1"],
  [
    ({ recompute }) => recompute !== "none" && recompute.length > 0,
    "recomputation in its JSON (the model calls it)",
    "recompute=none",
  ],
  [({ offload }) => offload.activationLayers > 0, "offloaded activations", "none"],
  [({ capacityFactor }) => capacityFactor !== undefined, "capacity in its JSON", "none"],
  [({ overlap }) => overlap.experts !== "none", "overlap of experts", "experts:none"],
  [
    ({ overlap, zero }) => overlap.gradients && zero === 0,
    "reduction of gradients beside kernels at zero 0",
    "overlap without gradients",
  ],
  [
    ({ overlap, zero }) => overlap.parameters && (zero === 1 || zero === 2),
    "gathering of parameters beside kernels below zero 3",
    "overlap without parameters",
  ],
  [
    ({ shardRanks, zero, dp, cp }) =>
      shardRanks !== undefined && shardRanks !== dp * cp && zero < 3,
    "shards over some of the ranks below zero 3",
    "zero=3, or no shard",
  ],
  [
    ({ formats }) => formats.moments !== undefined && formats.moments !== "fp32",
    "narrow moments",
    "fp32",
  ],
  [
    ({ formats }) => formats.parameters !== undefined && formats.parameters !== "bf16",
    "parameters gathered in narrow formats",
    "bf16",
  ],
];

const words = ["fp32", "fp16", "bf16"] as const;

function formatSettings({ precision, formats }: Plan, refuse: Refuse): Settings {
  if (!(words as readonly Precision[]).includes(precision)) {
    refuse(`precision ${precision}`, "bf16");
  }
  const { gradients, mainGradients } = formats;
  for (const [what, format] of Object.entries({ gradients, mainGradients })) {
    if (format !== undefined && !(words as readonly Precision[]).includes(format)) {
      refuse(`${what} in ${format}`, "bf16");
    }
  }
  return {
    "bf16.enabled": precision === "bf16",
    "fp16.enabled": precision === "fp16",
    ...(gradients && { "communication_data_type": gradients }),
    ...(mainGradients && { "data_types.grad_accum_dtype": mainGradients }),
  };
}

function tell({ plan }: LaunchInput, refuse: Refuse): Settings {
  for (const [found, says, nearest] of foreign) if (found(plan)) refuse(says, nearest);
  const { dp, cp, zero, microBatch, globalBatch, offload, overlap, shardRanks } = plan;
  return {
    "train_batch_size": globalBatch,
    "train_micro_batch_size_per_gpu": microBatch,
    "gradient_accumulation_steps": globalBatch / (dp * microBatch),
    ...formatSettings(plan, refuse),
    "zero_optimization.stage": zero,
    // Stage 3 overlaps unless told not to, the others if told to.
    ...(zero > 0 && { "zero_optimization.overlap_comm": overlap.gradients }),
    ...(zero === 3 && !overlap.parameters &&
      { "zero_optimization.stage3_prefetch_bucket_size": 0 }),
    ...(zero === 3 && shardRanks !== undefined && shardRanks !== dp * cp && {
      "zero_optimization.mics_shard_size": shardRanks,
    }),
    ...(offload.optimizer > 0 && {
      "zero_optimization.offload_optimizer.device": "cpu",
      "zero_optimization.offload_optimizer.ratio": offload.optimizer,
    }),
    "tensor_parallel.autotp_size": plan.tp,
    "tensor_parallel.tp_overlap_comm": overlap.tensor && plan.tp > 1,
    "sequence_parallel_size": cp,
    ...(cp > 1 && { "data_parallel_size": dp }),
  };
}

/** What DeepSpeed itself checks: `zero/config.py`, `config.py` and the engine. */
function faults(settings: Settings, { plan }: LaunchInput): string[] {
  const at = (name: string) => settingOf(settings, name, known);
  const stage = Number(at("zero_optimization.stage"));
  const ratio = at("zero_optimization.offload_optimizer.ratio");
  const offloads = at("zero_optimization.offload_optimizer.device") === "cpu";
  const round = Number(at("train_micro_batch_size_per_gpu")) *
    Number(at("gradient_accumulation_steps")) * plan.dp;
  return [
    ...(offloads && stage === 0 ? ["zero 1 or more for offload=optimizer"] : []),
    ...(offloads && Number(ratio) < 1 && stage < 3
      ? ["offload=optimizer:1, or zero 3 for a part of it"]
      : []),
    ...(plan.tp > 1 && stage === 3 ? ["zero 2 or less beside tensor ranks"] : []),
    ...(round === at("train_batch_size") ? [] : ["a batch of whole rounds"]),
  ];
}

/** The stage of ZeRO. */
function stageOf(said: number): Plan["zero"] {
  const stage = ([0, 1, 2, 3] as const).find((known) => known === said);
  if (stage !== undefined) return stage;
  throw new UserError(
    `Cannot read zero_optimization.stage: expected 0, 1, 2 or 3 but found ${said}`,
  );
}

function readPlan(
  settings: Settings,
  devices: number | undefined,
): { plan: PlanInput; ignored: IgnoredArgument[] } {
  const at = (name: string) => settingOf(settings, name, known);
  const ignored: IgnoredArgument[] = [];
  const zero = stageOf(at("zero_optimization.stage") as number);
  const cp = at("sequence_parallel_size") as number;
  const tp = at("tensor_parallel.autotp_size") as number;
  const batches = readBatches(settings, devices === undefined ? undefined : devices / (tp * cp));
  const device = at("zero_optimization.offload_optimizer.device");
  if (device === "nvme") {
    ignored.push({
      argument: "zero_optimization.offload_optimizer.device",
      why: "no plan has an optimiser on NVMe; read as in the host's memory",
    });
  }
  const optimizer = device === "cpu" || device === "nvme"
    ? at("zero_optimization.offload_optimizer.ratio") as number
    : 0;
  const mics = at("zero_optimization.mics_shard_size") as number;
  const precision = at("bf16.enabled") ? "bf16" : at("fp16.enabled") ? "fp16" : "fp32";
  // Gradients travel in the format of the weights, where nothing is said.
  const gradients = (settings["communication_data_type"] ?? precision) as Precision;
  const mainGradients = settings["data_types.grad_accum_dtype"] as Precision | undefined;
  const plan: PlanInput = {
    ...{ tp, cp, ...batches, pp: 1, vpp: 1, zero },
    ...(cp > 1 && { contextExchange: "a2a" }),
    sequenceParallel: false,
    schedule: "1f1b",
    ...(mics > 0 && { shardRanks: mics }),
    offload: { optimizer, activationLayers: 0 },
    precision,
    formats: { ...(gradients && { gradients }), ...(mainGradients && { mainGradients }) },
    overlap: {
      gradients: zero > 0 &&
        (settings["zero_optimization.overlap_comm"] ?? zero === 3) === true,
      ...((zero === 1 || zero === 2) && { parameters: false }),
      ...(zero === 3 && {
        parameters: at("zero_optimization.stage3_prefetch_bucket_size") !== 0,
      }),
      tensor: at("tensor_parallel.tp_overlap_comm") === true,
    },
  };
  return { plan, ignored };
}

/** DeepSpeed. */
export const deepspeed: Launcher = {
  name: "DeepSpeed",
  version: "DeepSpeed 0.18",
  sources: [
    "deepspeedai/DeepSpeed 029f12b, deepspeed/runtime/config.py and constants.py",
    "deepspeedai/DeepSpeed 1b88ac3, deepspeed/runtime/zero/config.py and offload_config.py",
    "deepspeedai/DeepSpeed, deepspeed/runtime/engine.py: gradients travel in the format of the weights",
    "deepspeedai/DeepSpeed, deepspeed/runtime/tensor_parallel/config.py",
  ],
  arguments: known,
  ignores: deepspeedIgnores,
  tell: (input, refuse) => ({
    settings: tell(input, refuse),
    notes: ["The model, its data, optimiser and learning rate are said in code or in the JSON"],
  }),
  formats: {},
  searches: deepspeedSearches,
  faults,
  write: (settings) => JSON.stringify(nest(withoutDefaults(settings, known)), null, 2) + "\n",
  parse: (text) => ({
    // "auto" is for the trainer above to fill in.
    values: Object.fromEntries(
      Object.entries(flatten(parseObject(text, "the JSON of DeepSpeed")))
        .filter(([, value]) => value !== "auto" && value !== null),
    ),
  }),
  read: (settings, devices) => ({ ...readPlan(settings, devices), model: {} }),
};
