/** Random plans that could run, for tests of whole steps. @module */
import fc from "fast-check";
import type { Machine } from "../../../sim/cost/machine.ts";
import { machineOf } from "../../../sim/cost/machine_of.ts";
import type { Sizes } from "../../../sim/cost/sizes.ts";
import type { Workload } from "../../../sim/cost/workload.ts";
import { fullestStage, stageMemory } from "../../../sim/memory/stage_memory.ts";
import type { Plan } from "../../../sim/plan/plan.ts";
import { withDefaults } from "../../../sim/plan/plan_defaults.ts";
import { planFault } from "../../../sim/plan/plan_rules.ts";
import { baseStack } from "../../../sim/stack/base.ts";
import { deepseekV3, llama70b } from "../cost/examples.ts";

/** A step to be simulated. */
export interface RandomStep {
  sizes: Sizes;
  plan: Plan;
  workload: Workload;
  machine: Machine;
  devices: number;
}

const llama8b: Sizes = {
  ...llama70b,
  ...{ name: "llama-3-8b", layers: 32, dModel: 4096, ffnWidth: 14336 },
  attention: { heads: 32, kvHeads: 8, qkDim: 128, vDim: 128 },
};

/** Mixtral 8x7B. */
export const mixtral: Sizes = {
  ...llama8b,
  ...{ name: "mixtral-8x7b", vocab: 32000 },
  moe: { experts: 8, topK: 2, width: 14336, sharedWidth: 0, firstDense: 0, every: 1 },
};

/** Qwen3 30B with 3B active. */
export const qwen30b: Sizes = {
  ...llama70b,
  ...{ name: "qwen3-30b-a3b", layers: 48, dModel: 2048, vocab: 151936, ffnWidth: 6144 },
  attention: { heads: 32, kvHeads: 4, qkDim: 128, vDim: 128 },
  moe: { experts: 128, topK: 8, width: 768, sharedWidth: 768, firstDense: 0, every: 1 },
};

const memoryBytes = { h100: 80e9, h800: 80e9, a100: 80e9, b200: 180e9 };
const flag = fc.boolean();

const draws = fc.record({
  sizes: fc.constantFrom(llama70b, llama8b, deepseekV3, mixtral, qwen30b),
  cluster: fc.constantFrom("h100", "h800", "a100", "b200" as const),
  devices: fc.constantFrom(8, 16, 32, 64, 128),
  degrees: fc.record({
    tp: fc.constantFrom(1, 2, 4, 8),
    cp: fc.constantFrom(1, 1, 2, 4),
    pp: fc.constantFrom(1, 2, 4, 8),
    vpp: fc.constantFrom(1, 2, 4),
    ep: fc.constantFrom(1, 2, 4, 8, 16, 32),
    etp: fc.constantFrom(1, 1, 1, 2),
  }),
  schedule: fc.constantFrom(
    ...["gpipe", "1f1b", "1f1b", "interleaved", "zb-h1", "zb-bounded"] as const,
    ...["zb-v", "v-half", "v-min", "dualpipe", "dualpipe-v"] as const,
  ),
  rounds: fc.constantFrom(1, 2, 3, 4, 4, 6, 9),
  zero: fc.constantFrom<Plan["zero"]>(0, 1, 2, 3),
  recompute: fc.constantFrom<Plan["recompute"]>("none", "full", ["experts"], ["norm"]),
  overlap: fc.record({
    ...{ gradients: flag, parameters: flag, tensor: flag, pipeline: flag },
    experts: fc.constantFrom<Plan["overlap"]["experts"]>("none", "shared", "batches", "dualpipe"),
  }),
  dispatcher: fc.constantFrom<Plan["dispatcher"]>("all-to-all", "deepep"),
  microBatch: fc.constantFrom(1, 2),
  sequence: fc.constantFrom(4096, 8192),
});

type Draw = typeof draws extends fc.Arbitrary<infer T> ? T : never;

/** The step of a draw; undefined where the plan cannot be, or fits no device. */
function stepOf(draw: Draw): RandomStep | undefined {
  const { sizes, cluster, devices, degrees, rounds, sequence, ...rest } = draw;
  const { tp, cp, pp, vpp } = degrees;
  const dp = devices / (tp * cp * pp);
  const { schedule, microBatch } = rest;
  if (!Number.isInteger(dp)) return undefined;
  if ((vpp > 1) !== (schedule === "interleaved")) return undefined;
  const workload = { sequence, routing: { kind: "balanced" }, causal: true } as const;
  const site = { devices, sizes, workload };
  const globalBatch = dp * microBatch * rounds * pp;
  const plan = withDefaults({ ...rest, ...degrees, dp, globalBatch }, site);
  if (planFault(plan, site) !== undefined) return undefined;
  const machine = machineOf(`${cluster}:${devices}`, "bf16").machine(baseStack);
  const { peakBytes } = fullestStage(stageMemory(sizes, plan, workload, baseStack));
  if (peakBytes > memoryBytes[cluster as keyof typeof memoryBytes]) return undefined;
  return { sizes, plan, workload, machine, devices };
}

/** Random steps that satisfy something. */
export function randomSteps(
  count: number,
  options: { seed: number; where?: (step: RandomStep) => boolean },
): RandomStep[] {
  const { seed, where = () => true } = options;
  const steps: RandomStep[] = [];
  for (let batch = 0; batch < 400; batch++) {
    for (const draw of fc.sample(draws, { seed: seed + batch, numRuns: 1000 })) {
      const step = stepOf(draw);
      if (step && where(step)) steps.push(step);
      if (steps.length === count) return steps;
    }
  }
  throw new RangeError(`Found ${steps.length} steps, wanted ${count}`);
}
