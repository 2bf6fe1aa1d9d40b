/**
 * A plan as Megatron-LM is told it.
 *
 * @module
 */
import type { Plan, RecomputeModule } from "../../plan/plan.ts";
import type { Settings } from "../settings.ts";
import type { LaunchInput, Refuse } from "../types.ts";
import { formatSettings } from "./formats.ts";
import { formatLayout, layersOfParts } from "./layout.ts";

/** Our modules by Megatron's. */
export const moduleNames: Readonly<Record<string, RecomputeModule>> = {
  layernorm: "norm",
  core_attn: "attention_core",
  mla_up_proj: "mla_up",
  moe_act: "activation",
  mlp: "ffn",
  moe: "experts",
  shared_experts: "shared_experts",
};

const megatronModule = (module: RecomputeModule) =>
  Object.keys(moduleNames).find((name) => moduleNames[name] === module)!;

function stageSettings({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { pp, vpp, schedule, overlap } = plan;
  const chunked = schedule === "interleaved";
  if (schedule !== "1f1b" && !(chunked && vpp > 1)) {
    const nearest = schedule === "gpipe" || chunked ? "1f1b" : "interleaved";
    refuse(chunked ? "schedule interleaved with one chunk" : `schedule ${schedule}`, nearest);
    return {};
  }
  if (!chunked && overlap.pipeline && pp > 1) {
    refuse("sends beside kernels under 1f1b", "interleaved, or 1f1b without overlap=pipeline");
  }
  const parts = layersOfParts(plan, model.layers);
  const even = parts.every((layers) => layers === parts[0]);
  return {
    "--pipeline-model-parallel-size": pp,
    ...(even
      ? { "--num-virtual-stages-per-pipeline-rank": vpp }
      : { "--pipeline-model-parallel-layout": formatLayout(parts, model.mtp?.modules ?? 0) }),
    ...(chunked && { "--no-overlap-p2p-communication": !overlap.pipeline }),
  };
}

function shardSettings({ plan }: LaunchInput): Settings {
  const { zero, shardRanks, dp, cp } = plan;
  const sharded = {
    "--use-megatron-fsdp": true,
    "--data-parallel-sharding-strategy": zero === 2 ? "optim_grads" : "optim_grads_params",
    "--ckpt-format": "fsdp_dtensor",
  };
  return {
    "--use-distributed-optimizer": zero > 0,
    ...(zero > 1 && sharded),
    ...(zero > 0 && shardRanks !== undefined && {
      "--num-distributed-optimizer-instances": dp * cp / shardRanks,
    }),
  };
}

function recomputeSettings({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { recompute } = plan;
  if (recompute === "none" || recompute.length === 0) return {};
  if (recompute === "full") {
    return {
      ...{ "--recompute-granularity": "full", "--recompute-method": "uniform" },
      "--recompute-num-layers": 1,
    };
  }
  if (recompute.includes("activation") && !model.moe) {
    refuse("recompute=activation without experts", "recompute=ffn");
  }
  return {
    "--recompute-granularity": "selective",
    "--recompute-modules": recompute.map(megatronModule),
  };
}

/** How tokens travel, by our names. */
export const dispatcherNames: Readonly<Record<Plan["dispatcher"], readonly string[]>> = {
  "all-to-all": ["alltoall"],
  "all-gather": ["allgather"],
  deepep: ["flex", "deepep"],
  hybridep: ["flex", "hybridep"],
};

/** DeepEP has a flag of its own, which every version knows; the other came with a newer argument. */
function backendSettings(backend: string): Settings {
  return backend === "deepep"
    ? { "--moe-enable-deepep": true }
    : { "--moe-flex-dispatcher-backend": backend };
}

function expertSettings({ plan, model }: LaunchInput, refuse: Refuse): Settings {
  const { dispatcher, overlap, capacityFactor, precision } = plan;
  if (!model.moe) {
    if (overlap.experts !== "none") {
      refuse(`overlap=experts:${overlap.experts} without experts`, "none");
    }
    return {};
  }
  const [type, backend] = dispatcherNames[dispatcher];
  if (overlap.experts === "dualpipe") refuse("overlap=experts:dualpipe", "experts:batches");
  if (overlap.experts === "attention") refuse("overlap=experts:attention", "experts:none");
  return {
    "--expert-model-parallel-size": plan.ep,
    "--expert-tensor-parallel-size": plan.etp,
    "--moe-token-dispatcher-type": type,
    // These send the weights of the gate along, in FP32 alone.
    ...(backend && { ...backendSettings(backend), "--moe-router-dtype": "fp32" }),
    "--moe-grouped-gemm": precision !== "fp32" && precision !== "fp16",
    ...(capacityFactor !== undefined && {
      "--moe-expert-capacity-factor": capacityFactor,
      "--moe-pad-expert-input-to-capacity": backend === undefined,
    }),
    "--moe-shared-expert-overlap": overlap.experts === "shared",
    "--overlap-moe-expert-parallel-comm": overlap.experts === "batches",
  };
}

function offloadSettings({ offload }: Plan): Settings {
  return {
    ...(offload.optimizer > 0 && {
      "--optimizer-cpu-offload": true,
      "--optimizer-offload-fraction": offload.optimizer,
      "--use-precision-aware-optimizer": true,
    }),
    "--cpu-offloading-num-layers": offload.activationLayers,
  };
}

/** Tells a plan, the arguments that hold anyway among them. */
export function planSettings(input: LaunchInput, refuse: Refuse): Settings {
  const { plan, workload } = input;
  const { cp, contextExchange, overlap, zero } = plan;
  return {
    "--tensor-model-parallel-size": plan.tp,
    "--sequence-parallel": plan.sequenceParallel,
    "--context-parallel-size": cp,
    ...(cp > 1 && { "--cp-comm-type": [contextExchange.replace("-", "")] }),
    ...stageSettings(input, refuse),
    ...expertSettings(input, refuse),
    "--micro-batch-size": plan.microBatch,
    "--global-batch-size": plan.globalBatch,
    "--seq-length": workload.sequence,
    ...formatSettings(input, refuse),
    ...shardSettings(input),
    ...offloadSettings(plan),
    ...recomputeSettings(input, refuse),
    "--overlap-grad-reduce": overlap.gradients,
    "--overlap-param-gather": zero > 0 && overlap.parameters,
    "--tp-comm-overlap": overlap.tensor && plan.tp > 1,
  };
}
