/**
 * What a plan is where its user says nothing.
 *
 * @module
 */
import { scheduleFacts } from "../pipeline/schedule.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./plan_input.ts";
import type { PlanSite } from "./plan_rules.ts";
import { defaultStageLayers, modelParts } from "./stage_layers.ts";

/** Micro-batches for each stage of a pipeline, where no batch is given. */
const ROUNDS = 4;

/**
 * Fills in what a plan leaves open, unchecked; `dp` is what the world leaves, whole or not.
 *
 * Tensor ranks split norms along the sequence (`sp`), ZeRO shards the optimiser, gradients and
 * parameters travel beside kernels, and so do activations between stages except under GPipe and
 * 1F1B: what Megatron-LM does by default or in its published recipes.
 */
export function withDefaults(input: PlanInput, { devices, sizes }: PlanSite): Plan {
  const { tp = 1, cp = 1, pp = 1, vpp = 1, microBatch = 1 } = input;
  const dp = input.dp ?? devices / (tp * cp * pp);
  const schedule = input.schedule ?? (vpp > 1 ? "interleaved" : "1f1b");
  const plan: Plan = {
    ...{ ep: 1, etp: 1, contextExchange: "p2p", zero: 1, recompute: "none" },
    ...{ precision: "bf16", dispatcher: "all-to-all" },
    ...input,
    ...{ tp, cp, dp, pp, vpp, schedule, microBatch },
    sequenceParallel: (input.sequenceParallel ?? true) && tp > 1,
    globalBatch: input.globalBatch ?? dp * microBatch * (pp === 1 ? 1 : ROUNDS * pp),
    offload: { optimizer: 0, activationLayers: 0, ...input.offload },
    formats: { ...input.formats },
    overlap: {
      ...{ gradients: true, parameters: true, tensor: false },
      pipeline: scheduleFacts[schedule].splits || schedule === "interleaved",
      experts: schedule.startsWith("dualpipe") ? "dualpipe" : "none",
      ...input.overlap,
    },
  };
  if (plan.stageLayers !== undefined || modelParts(plan) > sizes.layers) return plan;
  const stageLayers = defaultStageLayers(sizes.layers, plan);
  return stageLayers === undefined ? plan : { ...plan, stageLayers };
}
