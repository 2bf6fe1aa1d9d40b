/**
 * What torchtitan's TOML says of a plan.
 *
 * @module
 */
import { UserError } from "../../../kernels/base/errors.ts";
import { scheduleFacts } from "../../pipeline/schedule.ts";
import type { Plan, Precision } from "../../plan/plan.ts";
import type { PlanInput } from "../../plan/plan_input.ts";
import { stageLayersOf } from "../megatron/layout.ts";
import { settingOf, type Settings } from "../settings.ts";
import type { IgnoredArgument } from "../types.ts";
import { scheduleClasses, torchtitanArguments as known } from "./arguments.ts";

type At = (name: string) => ReturnType<typeof settingOf>;

function readStages(settings: Settings, at: At, pp: number): PlanInput {
  if (pp === 1) return { pp, vpp: 1, schedule: "1f1b" };
  const schedule = scheduleClasses[at("parallelism.pipeline_parallel_schedule") as string];
  const modules = settings["parallelism.module_fqns_per_model_part"] as
    | readonly string[]
    | undefined;
  // Two chunks are torchtitan's choice where a schedule has several.
  const several = schedule === "interleaved" ? 2 : 1;
  if (modules === undefined) return { pp, vpp: several, schedule };
  const parts = modules.map((names) => names.split(" ").filter((n) => /^layers\./.test(n)).length);
  const fixed = scheduleFacts[schedule].chunks;
  if (parts.length % pp !== 0 || (fixed !== undefined && parts.length !== pp * fixed)) {
    throw new UserError(
      `Cannot read parallelism.module_fqns_per_model_part: expected ` +
        `${
          fixed === undefined ? `a multiple of ${pp}` : pp * fixed
        } parts but found ${parts.length}`,
    );
  }
  const vpp = fixed === undefined ? parts.length / pp : 1;
  const stageLayers = stageLayersOf(parts, { pp, vpp, schedule });
  return { pp, vpp, schedule, ...(stageLayers && { stageLayers }) };
}

function readShards(
  at: At,
  { tp, pp, cp }: { tp: number; pp: number; cp: number },
  devices: number | undefined,
): PlanInput {
  const replicate = at("parallelism.data_parallel_replicate_degree") as number;
  const said = at("parallelism.data_parallel_shard_degree") as number;
  // -1 takes what the other degrees leave.
  const left = devices === undefined ? NaN : devices / (replicate * tp * cp * pp);
  // Where they leave no whole number, the plan does not hold, and says so itself.
  const shard = said < 0 && Number.isInteger(left) ? left : said;
  if (shard === 1 && cp === 1) return { zero: 0, dp: replicate };
  const reshard = at("parallelism.fsdp_reshard_after_forward");
  const stays = reshard === "never" || (reshard === "default" && pp > 1);
  return {
    zero: stays ? 2 : 3,
    ...(shard > 0 && { dp: replicate * shard }),
    ...(shard > 0 && replicate > 1 && { shardRanks: shard * cp }),
  };
}

function readPrecision(settings: Settings, at: At): Pick<PlanInput, "precision" | "formats"> {
  const converters = at("model.converters") as readonly string[];
  const has = (kind: string) => converters.some((name) => name.endsWith(kind));
  const wide: Precision = at("training.mixed_precision_param") === "float32" ? "fp32" : "bf16";
  const precision = has("float8") ? "fp8" : has(".mx") || has("mx") ? "mxfp8" : wide;
  const gathered = settings["quantize.linear.float8.enable_fsdp_float8_all_gather"] === true;
  return {
    precision,
    // The one format that it reduces in.
    formats: { gradients: "fp32", ...(gathered && { parameters: "fp8" as const }) },
  };
}

function readExperts(
  settings: Settings,
  at: At,
  plan: { tp: number; schedule?: string },
): PlanInput {
  const ep = settings["parallelism.expert_parallel_degree"] as number | undefined;
  if (ep === undefined) return {};
  const deepep = at("parallelism.expert_parallel_comm_backend") === "deepep";
  return {
    ep,
    etp: ep === 1 ? plan.tp : at("parallelism.expert_tensor_parallel_degree") as number,
    ...(ep > 1 && { dispatcher: deepep ? "deepep" : "all-to-all" }),
  };
}

/** The plan that settings say. */
export function readTorchtitan(settings: Settings, devices: number | undefined): {
  plan: PlanInput;
  ignored: IgnoredArgument[];
} {
  const at: At = (name) => settingOf(settings, name, known);
  const ignored: IgnoredArgument[] = [];
  const pp = at("parallelism.pipeline_parallel_degree") as number;
  const tp = at("parallelism.tensor_parallel_degree") as number;
  const cp = at("parallelism.context_parallel_degree") as number;
  const stages = readStages(settings, at, pp);
  const shards = readShards(at, { tp, pp, cp }, devices);
  const mode = at("activation_checkpoint.mode");
  if (mode !== "none" && mode !== "full") {
    ignored.push({
      argument: "activation_checkpoint.mode",
      why: `${mode} chooses operators, which no plan names`,
    });
  }
  const local = at("training.local_batch_size") as number;
  const all = at("training.global_batch_size") as number;
  const globalBatch = all > 0 ? all : shards.dp === undefined ? undefined : local * shards.dp;
  const rotate = at("parallelism.context_parallel_rotate_method");
  const folds = stages.schedule === "dualpipe-v" &&
    Number(at("parallelism.expert_parallel_degree") ?? 1) > 1 &&
    at("parallelism.pipeline_parallel_expert_parallel_overlap") === true;
  const plan: PlanInput = {
    ...{ tp, cp, ...stages, ...shards },
    sequenceParallel: tp > 1,
    ...(cp > 1 && {
      contextExchange: (rotate === "alltoall" ? "p2p" : "all-gather") as Plan["contextExchange"],
    }),
    microBatch: pp > 1 ? at("parallelism.pipeline_parallel_microbatch_size") as number : local,
    ...(globalBatch !== undefined && { globalBatch }),
    ...((mode === "none" || mode === "full") && { recompute: mode }),
    ...readPrecision(settings, at),
    ...readExperts(settings, at, { tp }),
    overlap: {
      gradients: true,
      parameters: true,
      tensor: at("parallelism.enable_async_tensor_parallel") === true,
      experts: folds ? "dualpipe" : "none",
    },
  };
  return { plan, ignored };
}
